# Writes linex.txt: linear fits under the linear-exponential loss by optim's BFGS, in an
# orthonormal basis of the columns, whose last digits come from Newton's method; up to a = 1 / sd(y)
# checked against a gamma regression of exp(a y) with log link (glm), which is the same; and
# standard errors from the sandwich A^-1 B A^-1.  Written with R 4.2.2 by
#
#   Rscript linex.R > linex.txt
#
# Each problem: a line "problem NAME rows numbers weighted", so many lines of numbers,
# target and weight, then for each a "a A objective", "estimate" and "std_error", intercept first.
put <- function(name, x, y, w = NULL, shares = c(-2, -0.1, 0.001, 0.5, 1, 3)) {
  weights <- if (is.null(w)) rep(1, length(y)) else w
  z <- cbind(1, x)
  cat("problem", name, nrow(x), ncol(x), as.integer(!is.null(w)), "\n")
  for (i in seq_along(y)) cat(sprintf("%.17g", c(x[i, ], y[i], weights[i])), "\n")
  for (share in shares) {
    a <- signif(share / sd(y), 3)
    q <- qr.Q(qr(z)) * sqrt(nrow(z))
    m <- mean(y)
    loss <- function(b) {
      e <- y - m - drop(q %*% b) * sd(y)
      sum(weights * (expm1(a * e) - a * e))
    }
    slope <- function(b) {
      e <- y - m - drop(q %*% b) * sd(y)
      -a * sd(y) * drop(crossprod(q, weights * expm1(a * e)))
    }
    found <- optim(drop(crossprod(q, y - m)) / nrow(q) / sd(y), loss, slope, method = "BFGS",
                   control = list(maxit = 10000, reltol = 1e-15))
    b <- unname(lm.fit(z, m + drop(q %*% found$par) * sd(y))$coefficients)
    for (i in 1:20) {
      u <- exp(a * (y - drop(z %*% b)))
      b <- b + unname(lm.wfit(z, (1 - 1 / u) / a, weights * u)$coefficients)
    }
    if (abs(share) <= 1) {
      fit <- glm(exp(a * (y - m)) ~ x, family = Gamma("log"), weights = weights,
                 control = list(epsilon = 1e-13, maxit = 1000))
      stopifnot(all.equal(unname(coef(fit)) / a + c(m, rep(0, ncol(x))), b, tolerance = 1e-5))
    }
    e <- y - drop(z %*% b)
    u <- exp(a * e)
    bread <- chol2inv(qr.R(qr(z * (abs(a) * sqrt(weights * u)))))
    meat <- crossprod(z * (weights * a * expm1(a * e)))
    cat("a", sprintf("%.17g", c(a, sum(weights * (expm1(a * e) - a * e)))), "\n")
    cat("estimate", sprintf("%.17g", b), "\n")
    cat("std_error", sprintf("%.17g", sqrt(diag(bread %*% meat %*% bread))), "\n")
  }
}

set.seed(20240607)
x <- matrix(round(rnorm(240), 3), 80)
put("plain", x, round(drop(x %*% c(1, -2, 0.5)) + rexp(80), 3))
x <- cbind(round(runif(100, 1, 20), 2), rep(0:4, 20))
put("spread", x, round(3 + 2 * x[, 1] + x[, 1] * rnorm(100), 2))
put("weights", x, round(3 + 2 * x[, 1] + x[, 1] * rnorm(100), 2), rep(c(0, 0.5, 1, 3), 25))
x <- cbind(2000 + rep(0:23, 4), round(1e-5 * rnorm(96), 9))
put("units", x, round(1e6 * (x[, 1] - 2010 + 3e5 * x[, 2] + rnorm(96))))
