# Writes expectile.txt: linear expectiles by least squares (lm.wfit, QR) with weights tau or
# 1 - tau by the sign of the residual, again until no sign changes (Newey and Powell
# 1987), and standard errors from the sandwich A^-1 B A^-1.  Debian has no package of
# expectile regression.  Written with R 4.2.2 by
#
#   Rscript expectile.R > expectile.txt
#
# Each problem: a line "problem NAME rows numbers weighted", so many lines of numbers,
# target and weight, then for each level "level LEVEL objective", "estimate" and "std_error",
# intercept first.
put <- function(name, x, y, w = NULL, taus = c(0.05, 0.25, 0.5, 0.9, 0.99)) {
  weights <- if (is.null(w)) rep(1, length(y)) else w
  z <- cbind(1, x)
  cat("problem", name, nrow(x), ncol(x), as.integer(!is.null(w)), "\n")
  for (i in seq_along(y)) cat(sprintf("%.17g", c(x[i, ], y[i], weights[i])), "\n")
  for (tau in taus) {
    below <- rep(FALSE, length(y))
    repeat {
      v <- weights * abs(tau - below)
      b <- lm.wfit(z, y, v)$coefficients
      e <- y - drop(z %*% b)
      if (all((e < 0) == below)) break
      below <- e < 0
    }
    bread <- chol2inv(qr.R(qr(z * sqrt(v))))
    meat <- crossprod(z * (v * e))
    cat("level", sprintf("%.17g", c(tau, sum(v * e^2))), "\n")
    cat("estimate", sprintf("%.17g", b), "\n")
    cat("std_error", sprintf("%.17g", sqrt(diag(bread %*% meat %*% bread))), "\n")
  }
}

set.seed(20240603)
x <- matrix(round(rnorm(240), 3), 80)
put("plain", x, round(drop(x %*% c(1, -2, 0.5)) + rexp(80), 3))
x <- cbind(round(runif(100, 1, 20), 2), rep(0:4, 20))
put("spread", x, round(3 + 2 * x[, 1] + x[, 1] * rnorm(100), 2))
put("weights", x, round(3 + 2 * x[, 1] + x[, 1] * rnorm(100), 2), rep(c(0, 0.5, 1, 3), 25))
x <- cbind(2000 + rep(0:23, 4), round(1e-5 * rnorm(96), 9))
put("units", x, round(1e6 * (x[, 1] - 2010 + 3e5 * x[, 2] + rnorm(96))))
