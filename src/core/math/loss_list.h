/*-------------------------------------------------------------------------
 *
 * loss_list.h
 *	  One line a loss.
 *
 * LOSS(id, name, link, flags, parameter, summary)
 *
 *	 id			in model payloads: pinned, never reused
 *	 link		from the raw score f to the prediction: IDENTITY f, EXP e^f,
 *				SIGMOID 1 / (1 + e^-f), SOFTMAX over one raw score a class
 *	 flags		CONSTANT_HESSIAN: the hessian of a row is its weight;
 *				REFITS_LEAVES: leaves take the quantile of their residuals
 *	 parameter	see parameters[] in loss.c
 *
 * The functions are mlpg_loss_row_<name>, of loss_row.c.
 *
 *-------------------------------------------------------------------------
 */
LOSS(1, squared, IDENTITY, CONSTANT_HESSIAN, NO_PARAMETER, "squared error: the mean")
LOSS(2, absolute, IDENTITY, CONSTANT_HESSIAN | REFITS_LEAVES, NO_PARAMETER, "absolute error: the median")
LOSS(3, huber, IDENTITY, CONSTANT_HESSIAN, ALPHA, "squared error up to alpha, absolute beyond")
LOSS(4, quantile, IDENTITY, CONSTANT_HESSIAN | REFITS_LEAVES, LEVEL, "pinball loss: a quantile")
LOSS(5, newsvendor, IDENTITY, CONSTANT_HESSIAN | REFITS_LEAVES, LEVEL, "cost of ordering too little or too much")
LOSS(6, expectile, IDENTITY, 0, LEVEL, "asymmetric squared error: an expectile")
LOSS(7, linex, IDENTITY, 0, LINEX_A, "linear-exponential loss")
LOSS(8, poisson, EXP, 0, MAX_DELTA_STEP, "counts: the mean, on the log scale")
LOSS(9, gamma, EXP, 0, NO_PARAMETER, "positive amounts: the mean, on the log scale")
LOSS(10, tweedie, EXP, 0, POWER, "amounts with zeros: the mean, on the log scale")
LOSS(11, logistic, SIGMOID, 0, NO_PARAMETER, "two classes: the probability of the second")
LOSS(12, softmax, SOFTMAX, 0, NO_PARAMETER, "several classes: their probabilities")
