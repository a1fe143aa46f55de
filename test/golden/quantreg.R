# Writes quantreg.txt: problems of linear quantile regression with the answers
# of R quantreg, method "br" (exact simplex).  Written with R 4.2.2 and quantreg
# 5.94 by
#
#   Rscript quantreg.R > quantreg.txt
#
# Each problem: a line "problem NAME n p weighted", n lines of p columns, the
# target and the weight, then lines "tau TAU objective coefficients...".  Optima
# may be non-unique; the objective is what always compares.
suppressWarnings(suppressPackageStartupMessages(library(quantreg)))

put <- function(name, x, y, w = NULL, taus = c(0.1, 0.25, 0.5, 0.75, 0.9)) {
  x <- as.matrix(x)
  weights <- if (is.null(w)) rep(1, length(y)) else w
  cat("problem", name, nrow(x), ncol(x), as.integer(!is.null(w)), "\n")
  for (i in seq_along(y))
    cat(sprintf("%.17g", c(x[i, ], y[i], weights[i])), "\n")
  used <- weights > 0
  for (tau in taus) {
    fit <- suppressWarnings(rq.wfit(x[used, , drop = FALSE], y[used], tau = tau, weights = weights[used], method = "br"))
    residual <- y - drop(x %*% fit$coefficients)
    cat("tau", sprintf("%.17g", c(tau, sum(weights * residual * (tau - (residual < 0))), fit$coefficients)), "\n")
  }
}

set.seed(20240501)
x <- cbind(1, matrix(rnorm(120), 40))
put("continuous", x, drop(x %*% c(1, 2, -1, 0.5)) + rt(40, 3))
x <- cbind(1, matrix(rpois(120, 2), 60))
put("counts", x, rpois(60, 3))
x <- cbind(1, rep(1:5, 10), rep(c(0, 1), 25))
put("duplicates", x, rep(c(3, 1, 4, 1, 5), 10) + rep(c(0, 1), each = 25))
put("one_value", cbind(1, seq_len(12)), rep(7, 12))
put("square", cbind(1, c(1, 2, 4), c(1, 4, 16)), c(3, -1, 2))
put("few", cbind(1, matrix(rnorm(15), 5)), rnorm(5))
level <- rep(1:6, length.out = 80)
x <- cbind(1, outer(level, 2:6, "==") + 0, rnorm(80))
put("levels", x, level + rnorm(80) + rexp(80))
put("levels_counts", x[, -7], rpois(80, level))
x <- cbind(1, matrix(runif(100), 50))
put("weights", x, drop(x %*% c(1, 1, 1)) + rnorm(50), w = rep(c(0, 0.5, 1, 2.25), length.out = 50))
x <- cbind(1, matrix(exp(1.5 * rnorm(600)), 200))
put("heavy", x, x[, 2] * exp(rnorm(200)))
x <- cbind(1, 1e8 * runif(60), 1e-6 * rnorm(60))
put("units", x, 1e-8 * x[, 2] + 1e6 * x[, 3] + rnorm(60))
x <- cbind(1, 2000 + rep(0:23, 4), rnorm(96))
put("years", x, 0.3 * (x[, 2] - 2000) + rnorm(96))
x <- matrix(rnorm(900), 300)
put("no_intercept", x, drop(x %*% c(1, -1, 2)) + rcauchy(300))
x <- cbind(1, matrix(round(rnorm(4800), 2), 1200))
put("interior", x, round(drop(x %*% c(1, 1, 0, -1, 0.5)) + rexp(1200), 2), taus = c(0.05, 0.5, 0.75))
