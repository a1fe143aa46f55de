# Writes logistic.txt: unpenalised fits of two classes by glm (epsilon 1e-15) and
# of three by nnet's multinom (reltol 1e-16, polished by Newton steps on the gradient,
# whose only job is to squeeze out BFGS's last digits).  Written with R 4.2.2 and nnet
# 7.3-18 by
#
#   Rscript logistic.R > logistic.txt
#
# Each problem: a line "problem NAME rows numbers classes weighted", so many lines of
# numbers, class and weight, then "estimate" and "std_error", class by class from the
# second on, intercept first, "log_likelihood", and "deviance_of_null".
suppressWarnings(suppressPackageStartupMessages(library(nnet)))

put <- function(name, x, y, w, weighted, estimate, std_error, log_likelihood, null_deviance) {
  cat("problem", name, nrow(x), ncol(x), max(y) + 1, as.integer(weighted), "\n")
  for (i in seq_along(y)) cat(sprintf("%.17g", c(x[i, ], y[i], w[i])), "\n")
  cat("estimate", sprintf("%.17g", estimate), "\n")
  cat("std_error", sprintf("%.17g", std_error), "\n")
  cat("log_likelihood", sprintf("%.17g", log_likelihood), "\n")
  cat("deviance_of_null", sprintf("%.17g", null_deviance), "\n")
}

binary <- function(name, x, y, w = NULL) {
  weights <- if (is.null(w)) rep(1, length(y)) else w
  fit <- suppressWarnings(glm(y ~ x, family = binomial, weights = weights, control = glm.control(epsilon = 1e-15, maxit = 100)))
  put(name, x, y, weights, !is.null(w), coef(fit), summary(fit)$coefficients[, 2],
      sum(weights * log(ifelse(y == 1, fitted(fit), 1 - fitted(fit)))), fit$null.deviance)
}

multinomial <- function(name, x, y, w = NULL) {
  weights <- if (is.null(w)) rep(1, length(y)) else w
  fit <- multinom(factor(y) ~ x, weights = weights, trace = FALSE, reltol = 1e-16, maxit = 10000)
  z <- cbind(1, x)
  k <- max(y)
  b <- c(t(coef(fit)))
  p <- ncol(z)
  for (step in 1:5) {
    score <- cbind(0, z %*% matrix(b, p))
    prob <- exp(score) / rowSums(exp(score))
    gradient <- c(t(z) %*% (weights * (outer(y, 1:k, "==") - prob[, -1])))
    information <- matrix(0, p * k, p * k)
    for (s in 1:k) for (t in 1:k)
      information[(s - 1) * p + 1:p, (t - 1) * p + 1:p] <- t(z) %*% (weights * prob[, s + 1] * ((s == t) - prob[, t + 1]) * z)
    b <- b + solve(information, gradient)
  }
  stopifnot(max(abs(b - c(t(coef(fit))))) < 1e-4)
  share <- tapply(weights, y, sum) / sum(weights)
  put(name, x, y, weights, !is.null(w), b, sqrt(diag(solve(information))), sum(weights * log(prob[cbind(seq_along(y), y + 1)])),
      -2 * sum(weights * log(share[y + 1])))
}

set.seed(20240601)
x <- matrix(round(rnorm(360), 3), 120)
binary("plain", x, rbinom(120, 1, plogis(0.5 + x %*% c(1, -0.5, 0.25))))
x <- cbind(round(1e6 + 1e3 * rnorm(150)), round(1e-5 * rnorm(150), 9), rep(2001:2010, 15))
binary("units", x, rbinom(150, 1, plogis(scale(x) %*% c(1, 1, -1))))
x <- matrix(round(rexp(200), 2), 100)
binary("weights", x, rbinom(100, 1, plogis(x %*% c(1, -1))), rep(c(0, 0.5, 1, 2.25), 25))
x <- matrix(round(rnorm(400), 3), 200)
multinomial("three", x, apply(cbind(0, x %*% c(1, 1), x %*% c(-1, 0.5)) - log(-log(matrix(runif(600), 200))), 1, which.max) - 1)
x <- matrix(round(rnorm(480), 2), 160)
multinomial("four_weights", x, apply(cbind(0, x %*% c(1, 1, 0), x %*% c(-1, 0.5, 1), 0.3) - log(-log(matrix(runif(640), 160))), 1, which.max) - 1,
            rep(c(1, 2, 0.5, 3), 40))
