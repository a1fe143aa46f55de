-- Metrics: aggregates over (actual, prediction) pairs, and the order quantity.
--
-- All aggregates here share one transition function (in three arities, and for
-- booleans, with and without a threshold, and texts), one combine function and one final function. INITCOND is {magic, id}: the id is the one
-- in src/core/metrics/metric_list.h. The state is a plain float8[], so that
-- parallel query and Citus can send it around; the arguments are concrete
-- float8, to which integer and numeric columns are cast, or boolean and text.

CREATE FUNCTION mlpg.metric_accum(state float8[], actual float8, prediction float8)
RETURNS float8[]
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'mlpg_sql_metric_accum';

COMMENT ON FUNCTION mlpg.metric_accum(float8[], float8, float8) IS
'Transition function of the metric aggregates with two arguments; not for use by hand.
Example: SELECT mlpg.metric_accum(''{1835823207,1}'', 3, 2.5);';

CREATE FUNCTION mlpg.metric_accum(state float8[], actual float8, argument_2 float8, argument_3 float8)
RETURNS float8[]
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'mlpg_sql_metric_accum';

COMMENT ON FUNCTION mlpg.metric_accum(float8[], float8, float8, float8) IS
'Transition function of the metric aggregates with three arguments; not for use by hand.
Example: SELECT mlpg.metric_accum(''{1835823207,9}'', 3, 2.5, 0.75);';

CREATE FUNCTION mlpg.metric_accum(state float8[], actual float8, argument_2 float8, argument_3 float8, argument_4 float8)
RETURNS float8[]
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'mlpg_sql_metric_accum';

COMMENT ON FUNCTION mlpg.metric_accum(float8[], float8, float8, float8, float8) IS
'Transition function of the metric aggregates with four arguments; not for use by hand.
Example: SELECT mlpg.metric_accum(''{1835823207,15}'', 3, 2.5, 3, 1);';

CREATE FUNCTION mlpg.metric_accum(state float8[], actual boolean, p float8)
RETURNS float8[]
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'mlpg_sql_metric_accum_boolean';

COMMENT ON FUNCTION mlpg.metric_accum(float8[], boolean, float8) IS
'Transition function of the metric aggregates of probabilities; not for use by hand.
Example: SELECT mlpg.metric_accum(''{1835823207,18}'', true, 0.8);';

CREATE FUNCTION mlpg.metric_accum(state float8[], actual boolean, p float8, threshold float8)
RETURNS float8[]
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'mlpg_sql_metric_accum_boolean';

COMMENT ON FUNCTION mlpg.metric_accum(float8[], boolean, float8, float8) IS
'Transition function of the metric aggregates at a threshold; not for use by hand.
Example: SELECT mlpg.metric_accum(''{1835823207,21}'', true, 0.8, 0.5);';

CREATE FUNCTION mlpg.metric_accum(state float8[], actual text, predicted text)
RETURNS float8[]
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'mlpg_sql_metric_accum_text';

COMMENT ON FUNCTION mlpg.metric_accum(float8[], text, text) IS
'Transition function of the metric aggregates of classes; not for use by hand.
Example: SELECT mlpg.metric_accum(''{1835823207,20}'', ''cat''::text, ''dog''::text);';

CREATE FUNCTION mlpg.metric_combine(state float8[], other float8[])
RETURNS float8[]
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'mlpg_sql_metric_combine';

COMMENT ON FUNCTION mlpg.metric_combine(float8[], float8[]) IS
'Combine function of the metric aggregates; not for use by hand.
Example: SELECT mlpg.metric_combine(mlpg.metric_accum(''{1835823207,1}'', 3, 2.5), mlpg.metric_accum(''{1835823207,1}'', 7, 8));';

CREATE FUNCTION mlpg.metric_value(state float8[])
RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'mlpg_sql_metric_value';

COMMENT ON FUNCTION mlpg.metric_value(float8[]) IS
'Final function of the metric aggregates; not for use by hand.
Example: SELECT mlpg.metric_value(mlpg.metric_accum(''{1835823207,1}'', 3, 2.5));';

CREATE AGGREGATE mlpg.mae(actual float8, yhat float8) (
    SFUNC = mlpg.metric_accum, STYPE = float8[], SSPACE = 144, INITCOND = '{1835823207,1}',
    COMBINEFUNC = mlpg.metric_combine, FINALFUNC = mlpg.metric_value, FINALFUNC_MODIFY = READ_ONLY,
    PARALLEL = SAFE);

COMMENT ON AGGREGATE mlpg.mae(float8, float8) IS
'Mean absolute error: mean(|actual - yhat|).
Rows with a NULL are left out; NULL without rows.
Example: SELECT mlpg.mae(actual, yhat) FROM (VALUES (3, 2.5), (0, 0), (2, 2), (7, 8), (2, 1.25)) AS t(actual, yhat);';

CREATE AGGREGATE mlpg.rmse(actual float8, yhat float8) (
    SFUNC = mlpg.metric_accum, STYPE = float8[], SSPACE = 144, INITCOND = '{1835823207,2}',
    COMBINEFUNC = mlpg.metric_combine, FINALFUNC = mlpg.metric_value, FINALFUNC_MODIFY = READ_ONLY,
    PARALLEL = SAFE);

COMMENT ON AGGREGATE mlpg.rmse(float8, float8) IS
'Root of the mean squared error: sqrt(mean((actual - yhat)^2)).
Rows with a NULL are left out; NULL without rows.
Example: SELECT mlpg.rmse(actual, yhat) FROM (VALUES (3, 2.5), (0, 0), (2, 2), (7, 8), (2, 1.25)) AS t(actual, yhat);';

CREATE AGGREGATE mlpg.mse(actual float8, yhat float8) (
    SFUNC = mlpg.metric_accum, STYPE = float8[], SSPACE = 144, INITCOND = '{1835823207,3}',
    COMBINEFUNC = mlpg.metric_combine, FINALFUNC = mlpg.metric_value, FINALFUNC_MODIFY = READ_ONLY,
    PARALLEL = SAFE);

COMMENT ON AGGREGATE mlpg.mse(float8, float8) IS
'Mean squared error: mean((actual - yhat)^2).
Rows with a NULL are left out; NULL without rows.
Example: SELECT mlpg.mse(actual, yhat) FROM (VALUES (3, 2.5), (0, 0), (2, 2), (7, 8), (2, 1.25)) AS t(actual, yhat);';

CREATE AGGREGATE mlpg.mape(actual float8, yhat float8) (
    SFUNC = mlpg.metric_accum, STYPE = float8[], SSPACE = 144, INITCOND = '{1835823207,4}',
    COMBINEFUNC = mlpg.metric_combine, FINALFUNC = mlpg.metric_value, FINALFUNC_MODIFY = READ_ONLY,
    PARALLEL = SAFE);

COMMENT ON AGGREGATE mlpg.mape(float8, float8) IS
'Mean absolute error relative to actual, as a fraction: mean(|actual - yhat| / |actual|). Rows with actual = 0 are left out; count(*) FILTER (WHERE actual = 0) says how many.
Rows with a NULL are left out; NULL without rows.
Example: SELECT mlpg.mape(actual, yhat) FROM (VALUES (3, 2.5), (0, 0), (2, 2), (7, 8), (2, 1.25)) AS t(actual, yhat);';

CREATE AGGREGATE mlpg.smape(actual float8, yhat float8) (
    SFUNC = mlpg.metric_accum, STYPE = float8[], SSPACE = 144, INITCOND = '{1835823207,5}',
    COMBINEFUNC = mlpg.metric_combine, FINALFUNC = mlpg.metric_value, FINALFUNC_MODIFY = READ_ONLY,
    PARALLEL = SAFE);

COMMENT ON AGGREGATE mlpg.smape(float8, float8) IS
'Symmetric mean absolute relative error, 0 to 2: mean(2 |actual - yhat| / (|actual| + |yhat|)), where a row with both 0 counts as 0.
Rows with a NULL are left out; NULL without rows.
Example: SELECT mlpg.smape(actual, yhat) FROM (VALUES (3, 2.5), (0, 0), (2, 2), (7, 8), (2, 1.25)) AS t(actual, yhat);';

CREATE AGGREGATE mlpg.wape(actual float8, yhat float8) (
    SFUNC = mlpg.metric_accum, STYPE = float8[], SSPACE = 144, INITCOND = '{1835823207,6}',
    COMBINEFUNC = mlpg.metric_combine, FINALFUNC = mlpg.metric_value, FINALFUNC_MODIFY = READ_ONLY,
    PARALLEL = SAFE);

COMMENT ON AGGREGATE mlpg.wape(float8, float8) IS
'Weighted absolute error, as a fraction: sum(|actual - yhat|) / sum(|actual|). NULL when all actuals are 0.
Rows with a NULL are left out; NULL without rows.
Example: SELECT mlpg.wape(actual, yhat) FROM (VALUES (3, 2.5), (0, 0), (2, 2), (7, 8), (2, 1.25)) AS t(actual, yhat);';

CREATE AGGREGATE mlpg.bias(actual float8, yhat float8) (
    SFUNC = mlpg.metric_accum, STYPE = float8[], SSPACE = 144, INITCOND = '{1835823207,7}',
    COMBINEFUNC = mlpg.metric_combine, FINALFUNC = mlpg.metric_value, FINALFUNC_MODIFY = READ_ONLY,
    PARALLEL = SAFE);

COMMENT ON AGGREGATE mlpg.bias(float8, float8) IS
'Mean of yhat - actual: positive when the predictions are too high.
Rows with a NULL are left out; NULL without rows.
Example: SELECT mlpg.bias(actual, yhat) FROM (VALUES (3, 2.5), (0, 0), (2, 2), (7, 8), (2, 1.25)) AS t(actual, yhat);';

CREATE AGGREGATE mlpg.r2(actual float8, yhat float8) (
    SFUNC = mlpg.metric_accum, STYPE = float8[], SSPACE = 144, INITCOND = '{1835823207,8}',
    COMBINEFUNC = mlpg.metric_combine, FINALFUNC = mlpg.metric_value, FINALFUNC_MODIFY = READ_ONLY,
    PARALLEL = SAFE);

COMMENT ON AGGREGATE mlpg.r2(float8, float8) IS
'Coefficient of determination about the mean: 1 - sum((actual - yhat)^2) / sum((actual - mean(actual))^2). Negative when worse than the mean; NULL when all actuals are equal.
Rows with a NULL are left out; NULL without rows.
Example: SELECT mlpg.r2(actual, yhat) FROM (VALUES (3, 2.5), (0, 0), (2, 2), (7, 8), (2, 1.25)) AS t(actual, yhat);';

CREATE AGGREGATE mlpg.pinball(actual float8, q float8, level float8) (
    SFUNC = mlpg.metric_accum, STYPE = float8[], SSPACE = 144, INITCOND = '{1835823207,9}',
    COMBINEFUNC = mlpg.metric_combine, FINALFUNC = mlpg.metric_value, FINALFUNC_MODIFY = READ_ONLY,
    PARALLEL = SAFE);

COMMENT ON AGGREGATE mlpg.pinball(float8, float8, float8) IS
'Mean pinball loss of a quantile q: mean(level * (actual - q)) where actual is above q, (1 - level) * (q - actual) where it is not. 0 < level < 1, the same in all rows of a group.
Rows with a NULL are left out; NULL without rows.
Example: SELECT mlpg.pinball(actual, q, 0.75) FROM (VALUES (3, 2.5), (0, 0), (2, 2), (7, 8), (2, 1.25)) AS t(actual, q);';

CREATE AGGREGATE mlpg.expectile_loss(actual float8, q float8, level float8) (
    SFUNC = mlpg.metric_accum, STYPE = float8[], SSPACE = 144, INITCOND = '{1835823207,10}',
    COMBINEFUNC = mlpg.metric_combine, FINALFUNC = mlpg.metric_value, FINALFUNC_MODIFY = READ_ONLY,
    PARALLEL = SAFE);

COMMENT ON AGGREGATE mlpg.expectile_loss(float8, float8, float8) IS
'Mean asymmetric squared error of an expectile q: the square of actual - q weighs level where actual is above q, 1 - level where below. 0 < level < 1, the same in all rows of a group.
Rows with a NULL are left out; NULL without rows.
Example: SELECT mlpg.expectile_loss(actual, q, 0.75) FROM (VALUES (3, 2.5), (0, 0), (2, 2), (7, 8), (2, 1.25)) AS t(actual, q);';

CREATE AGGREGATE mlpg.linex(actual float8, yhat float8, a float8) (
    SFUNC = mlpg.metric_accum, STYPE = float8[], SSPACE = 144, INITCOND = '{1835823207,11}',
    COMBINEFUNC = mlpg.metric_combine, FINALFUNC = mlpg.metric_value, FINALFUNC_MODIFY = READ_ONLY,
    PARALLEL = SAFE);

COMMENT ON AGGREGATE mlpg.linex(float8, float8, float8) IS
'Mean linear-exponential loss: mean(exp(z) - z - 1) with z = a * (actual - yhat), cut to -50 to 50. a > 0 punishes predictions that are too low, a < 0 those too high; a is the same in all rows of a group.
Rows with a NULL are left out; NULL without rows.
Example: SELECT mlpg.linex(actual, yhat, 0.5) FROM (VALUES (3, 2.5), (0, 0), (2, 2), (7, 8), (2, 1.25)) AS t(actual, yhat);';

CREATE AGGREGATE mlpg.tweedie_deviance(actual float8, mu float8, power float8) (
    SFUNC = mlpg.metric_accum, STYPE = float8[], SSPACE = 144, INITCOND = '{1835823207,12}',
    COMBINEFUNC = mlpg.metric_combine, FINALFUNC = mlpg.metric_value, FINALFUNC_MODIFY = READ_ONLY,
    PARALLEL = SAFE);

COMMENT ON AGGREGATE mlpg.tweedie_deviance(float8, float8, float8) IS
'Mean Tweedie deviance of a mean mu. power 0 is the squared error, 1 Poisson (actual >= 0), between 1 and 2 compound Poisson (actual >= 0), 2 gamma (actual > 0), 3 inverse Gaussian; not between 0 and 1. mu > 0 except for power 0. power is the same in all rows of a group.
Rows with a NULL are left out; NULL without rows.
Example: SELECT mlpg.tweedie_deviance(actual, mu, 1.5) FROM (VALUES (3, 2.5), (0, 0.5), (2, 2), (7, 8), (2, 1.25)) AS t(actual, mu);';

CREATE AGGREGATE mlpg.coverage(actual float8, lower float8, upper float8) (
    SFUNC = mlpg.metric_accum, STYPE = float8[], SSPACE = 144, INITCOND = '{1835823207,13}',
    COMBINEFUNC = mlpg.metric_combine, FINALFUNC = mlpg.metric_value, FINALFUNC_MODIFY = READ_ONLY,
    PARALLEL = SAFE);

COMMENT ON AGGREGATE mlpg.coverage(float8, float8, float8) IS
'Share of actuals within lower to upper, bounds included. To be compared with the nominal share.
Rows with a NULL are left out; NULL without rows.
Example: SELECT mlpg.coverage(actual, lower, upper) FROM (VALUES (3, 2, 4), (0, 0, 1), (7, 4, 6)) AS t(actual, lower, upper);';

CREATE AGGREGATE mlpg.winkler(actual float8, lower float8, upper float8, alpha float8) (
    SFUNC = mlpg.metric_accum, STYPE = float8[], SSPACE = 144, INITCOND = '{1835823207,14}',
    COMBINEFUNC = mlpg.metric_combine, FINALFUNC = mlpg.metric_value, FINALFUNC_MODIFY = READ_ONLY,
    PARALLEL = SAFE);

COMMENT ON AGGREGATE mlpg.winkler(float8, float8, float8, float8) IS
'Mean Winkler (interval) score of intervals with nominal coverage 1 - alpha: width plus 2 / alpha times the distance of an actual outside. 0 < alpha < 1, the same in all rows of a group.
Rows with a NULL are left out; NULL without rows.
Example: SELECT mlpg.winkler(actual, lower, upper, 0.2) FROM (VALUES (3, 2, 4), (0, 0, 1), (7, 4, 6)) AS t(actual, lower, upper);';

CREATE AGGREGATE mlpg.order_cost(actual float8, order_qty float8, underage_cost float8, overage_cost float8) (
    SFUNC = mlpg.metric_accum, STYPE = float8[], SSPACE = 144, INITCOND = '{1835823207,15}',
    COMBINEFUNC = mlpg.metric_combine, FINALFUNC = mlpg.metric_value, FINALFUNC_MODIFY = READ_ONLY,
    PARALLEL = SAFE);

COMMENT ON AGGREGATE mlpg.order_cost(float8, float8, float8, float8) IS
'Mean cost of a row in money: underage_cost for each unit that was missing, overage_cost for each one left over. Costs are at least 0 and the same in all rows of a group.
Rows with a NULL are left out; NULL without rows.
Example: SELECT mlpg.order_cost(actual, order_qty, 3, 1) FROM (VALUES (3, 2.5), (0, 0), (2, 2), (7, 8), (2, 1.25)) AS t(actual, order_qty);';

CREATE AGGREGATE mlpg.fill_rate(actual float8, yhat float8) (
    SFUNC = mlpg.metric_accum, STYPE = float8[], SSPACE = 144, INITCOND = '{1835823207,16}',
    COMBINEFUNC = mlpg.metric_combine, FINALFUNC = mlpg.metric_value, FINALFUNC_MODIFY = READ_ONLY,
    PARALLEL = SAFE);

COMMENT ON AGGREGATE mlpg.fill_rate(float8, float8) IS
'Share of the units asked for that were there: 1 - sum(greatest(actual - yhat, 0)) / sum(actual), with yhat the quantity that was there. NULL when nothing was asked for.
Rows with a NULL are left out; NULL without rows.
Example: SELECT mlpg.fill_rate(actual, yhat) FROM (VALUES (3, 2.5), (0, 0), (2, 2), (7, 8), (2, 1.25)) AS t(actual, yhat);';

CREATE AGGREGATE mlpg.stockout_rate(actual float8, yhat float8) (
    SFUNC = mlpg.metric_accum, STYPE = float8[], SSPACE = 144, INITCOND = '{1835823207,17}',
    COMBINEFUNC = mlpg.metric_combine, FINALFUNC = mlpg.metric_value, FINALFUNC_MODIFY = READ_ONLY,
    PARALLEL = SAFE);

COMMENT ON AGGREGATE mlpg.stockout_rate(float8, float8) IS
'Share of rows with actual above yhat, the quantity that was there.
Rows with a NULL are left out; NULL without rows.
Example: SELECT mlpg.stockout_rate(actual, yhat) FROM (VALUES (3, 2.5), (0, 0), (2, 2), (7, 8), (2, 1.25)) AS t(actual, yhat);';

CREATE AGGREGATE mlpg.log_loss(actual boolean, p float8) (
    SFUNC = mlpg.metric_accum, STYPE = float8[], SSPACE = 144, INITCOND = '{1835823207,18}',
    COMBINEFUNC = mlpg.metric_combine, FINALFUNC = mlpg.metric_value, FINALFUNC_MODIFY = READ_ONLY,
    PARALLEL = SAFE);

COMMENT ON AGGREGATE mlpg.log_loss(boolean, float8) IS
'Mean negative logarithm of the probability of what happened: -ln(p) where actual is true, -ln(1 - p) where it is false; p is cut to 2^-52 and 1 - 2^-52.
Rows with a NULL are left out; NULL without rows.
Example: SELECT mlpg.log_loss(actual, p) FROM (VALUES (true, 0.9), (false, 0.2), (true, 0.6)) AS t(actual, p);';

CREATE AGGREGATE mlpg.brier(actual boolean, p float8) (
    SFUNC = mlpg.metric_accum, STYPE = float8[], SSPACE = 144, INITCOND = '{1835823207,19}',
    COMBINEFUNC = mlpg.metric_combine, FINALFUNC = mlpg.metric_value, FINALFUNC_MODIFY = READ_ONLY,
    PARALLEL = SAFE);

COMMENT ON AGGREGATE mlpg.brier(boolean, float8) IS
'Mean squared error of a probability: mean((p - actual)^2), true being 1.
Rows with a NULL are left out; NULL without rows.
Example: SELECT mlpg.brier(actual, p) FROM (VALUES (true, 0.9), (false, 0.2), (true, 0.6)) AS t(actual, p);';

CREATE AGGREGATE mlpg.accuracy(actual text, predicted text) (
    SFUNC = mlpg.metric_accum, STYPE = float8[], SSPACE = 144, INITCOND = '{1835823207,20}',
    COMBINEFUNC = mlpg.metric_combine, FINALFUNC = mlpg.metric_value, FINALFUNC_MODIFY = READ_ONLY,
    PARALLEL = SAFE);

COMMENT ON AGGREGATE mlpg.accuracy(text, text) IS
'Share of rows with the right class: mean(actual = predicted), byte by byte.
Rows with a NULL are left out; NULL without rows.
Example: SELECT mlpg.accuracy(actual, predicted) FROM (VALUES (''cat'', ''cat''), (''dog'', ''cat''), (''dog'', ''dog'')) AS t(actual, predicted);';

CREATE AGGREGATE mlpg.precision_at(actual boolean, p float8, threshold float8) (
    SFUNC = mlpg.metric_accum, STYPE = float8[], SSPACE = 144, INITCOND = '{1835823207,21}',
    COMBINEFUNC = mlpg.metric_combine, FINALFUNC = mlpg.metric_value, FINALFUNC_MODIFY = READ_ONLY,
    PARALLEL = SAFE);

COMMENT ON AGGREGATE mlpg.precision_at(boolean, float8, float8) IS
'Precision at a threshold: share of the rows called positive (p at least the threshold) that are. p may be any score. NULL when no row is called positive.
Rows with a NULL are left out; NULL without rows.
Example: SELECT mlpg.precision_at(actual, p, 0.5) FROM (VALUES (true, 0.9), (false, 0.2), (true, 0.4), (false, 0.6)) AS t(actual, p);';

CREATE AGGREGATE mlpg.recall_at(actual boolean, p float8, threshold float8) (
    SFUNC = mlpg.metric_accum, STYPE = float8[], SSPACE = 144, INITCOND = '{1835823207,22}',
    COMBINEFUNC = mlpg.metric_combine, FINALFUNC = mlpg.metric_value, FINALFUNC_MODIFY = READ_ONLY,
    PARALLEL = SAFE);

COMMENT ON AGGREGATE mlpg.recall_at(boolean, float8, float8) IS
'Recall at a threshold: share of the positive rows that are called so (p at least the threshold). p may be any score. NULL when no row is positive.
Rows with a NULL are left out; NULL without rows.
Example: SELECT mlpg.recall_at(actual, p, 0.5) FROM (VALUES (true, 0.9), (false, 0.2), (true, 0.4), (false, 0.6)) AS t(actual, p);';

CREATE AGGREGATE mlpg.f1_at(actual boolean, p float8, threshold float8) (
    SFUNC = mlpg.metric_accum, STYPE = float8[], SSPACE = 144, INITCOND = '{1835823207,23}',
    COMBINEFUNC = mlpg.metric_combine, FINALFUNC = mlpg.metric_value, FINALFUNC_MODIFY = READ_ONLY,
    PARALLEL = SAFE);

COMMENT ON AGGREGATE mlpg.f1_at(boolean, float8, float8) IS
'F1 at a threshold: 2 TP / (2 TP + FP + FN), the harmonic mean of precision and recall of the rows called positive (p at least the threshold). p may be any score. NULL when no row is positive or called so.
Rows with a NULL are left out; NULL without rows.
Example: SELECT mlpg.f1_at(actual, p, 0.5) FROM (VALUES (true, 0.9), (false, 0.2), (true, 0.4), (false, 0.6)) AS t(actual, p);';

CREATE FUNCTION mlpg.newsvendor(levels float8[], quantiles float8[], underage_cost float8, overage_cost float8)
RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'mlpg_sql_newsvendor';

COMMENT ON FUNCTION mlpg.newsvendor(float8[], float8[], float8, float8) IS
'The order quantity of least expected cost: the quantile of demand at underage_cost / (underage_cost + overage_cost), read off the straight lines between the given quantiles, which are sorted first. An error when that level is outside of the given ones.
Example: SELECT mlpg.newsvendor(ARRAY[0.1, 0.5, 0.9], ARRAY[4, 10, 18], underage_cost => 3, overage_cost => 1);';
