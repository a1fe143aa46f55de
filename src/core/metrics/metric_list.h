/*-------------------------------------------------------------------------
 *
 * metric_list.h
 *	  One line a metric.
 *
 * METRIC(id, name, form, goal, inputs, parameters, summary)
 *
 *	 id			in transition states, which travel between servers: pinned, never reused
 *	 form		how the sums of the row terms become the value:
 *				MEAN			sum(t0) / n
 *				ROOT_MEAN		sqrt(sum(t0) / n)
 *				RATIO			sum(t0) / sum(t1)
 *				ONE_MINUS		1 - sum(t0) / sum(t1)
 *				DETERMINATION	1 - sum(t0) / sum((actual - mean actual)^2)
 *	 goal		LOWER or HIGHER is better, ZERO: nearest to 0 is best, NONE: says nothing by itself
 *	 inputs		what comes with each row: see inputs[] in metric.c
 *	 parameters	what is constant for all rows: see parameter_sets[] in metric.c
 *
 * The row terms are mlpg_terms_<name> in regression.c, demand.c or classification.c.  The
 * aggregate of the same name is in sql/metrics.sql, its INITCOND holds the id.
 *
 *-------------------------------------------------------------------------
 */
METRIC(1, mae, MEAN, LOWER, POINT, NO_PARAMETER, "mean absolute error")
METRIC(2, rmse, ROOT_MEAN, LOWER, POINT, NO_PARAMETER, "root of the mean squared error")
METRIC(3, mse, MEAN, LOWER, POINT, NO_PARAMETER, "mean squared error")
METRIC(4, mape, MEAN, LOWER, POINT, NO_PARAMETER, "mean absolute error relative to actual, where actual is not 0")
METRIC(5, smape, MEAN, LOWER, POINT, NO_PARAMETER, "symmetric mean absolute relative error, 0 to 2")
METRIC(6, wape, RATIO, LOWER, POINT, NO_PARAMETER, "sum of absolute errors over sum of absolute actuals")
METRIC(7, bias, MEAN, ZERO, POINT, NO_PARAMETER, "mean of yhat - actual")
METRIC(8, r2, DETERMINATION, HIGHER, POINT, NO_PARAMETER, "share of the variance of actual that is explained")
METRIC(9, pinball, MEAN, LOWER, QUANTILE, LEVEL, "mean pinball loss of a quantile")
METRIC(10, expectile_loss, MEAN, LOWER, QUANTILE, LEVEL, "mean asymmetric squared error of an expectile")
METRIC(11, linex, MEAN, LOWER, POINT, LINEX_A, "mean linear-exponential loss")
METRIC(12, tweedie_deviance, MEAN, LOWER, MEAN_VALUE, POWER, "mean Tweedie deviance")
METRIC(13, coverage, MEAN, NONE, INTERVAL, NO_PARAMETER, "share of actuals within the interval")
METRIC(14, winkler, MEAN, LOWER, INTERVAL, ALPHA, "mean Winkler score of an interval")
METRIC(15, order_cost, MEAN, LOWER, ORDER, COSTS, "mean cost of a row in money")
METRIC(16, fill_rate, ONE_MINUS, HIGHER, POINT, NO_PARAMETER, "share of the units asked for that were there")
METRIC(17, stockout_rate, MEAN, LOWER, POINT, NO_PARAMETER, "share of rows with actual above yhat")
METRIC(18, log_loss, MEAN, LOWER, PROBABILITY, NO_PARAMETER, "mean negative logarithm of the probability of what happened")
METRIC(19, brier, MEAN, LOWER, PROBABILITY, NO_PARAMETER, "mean squared error of a probability")
METRIC(20, accuracy, ONE_MINUS, HIGHER, CLASS, NO_PARAMETER, "share of rows with the right class")
METRIC(21, precision_at, RATIO, HIGHER, PROBABILITY, THRESHOLD, "share of the rows called positive that are")
METRIC(22, recall_at, RATIO, HIGHER, PROBABILITY, THRESHOLD, "share of the positive rows that are called so")
METRIC(23, f1_at, RATIO, HIGHER, PROBABILITY, THRESHOLD, "harmonic mean of precision and recall")
