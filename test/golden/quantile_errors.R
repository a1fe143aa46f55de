# Writes quantile_errors.txt: standard errors of linear quantile regression by
# R quantreg's summary.rq, se = "iid" and "nid", and the whole table of one.
# Written with R 4.2.2 and quantreg 5.94 by
#
#   Rscript quantile_errors.R > quantile_errors.txt
#
# Each problem: a line "problem NAME n p weighted", n lines of p columns (the
# first is 1), the target and the weight, then lines "tau TAU SE estimates... errors...
# p-values...".
suppressWarnings(suppressPackageStartupMessages(library(quantreg)))

put <- function(name, x, y, w = NULL, taus = c(0.1, 0.25, 0.5, 0.75, 0.9)) {
  x <- as.matrix(x)
  weights <- if (is.null(w)) rep(1, length(y)) else w
  cat("problem", name, nrow(x), ncol(x), as.integer(!is.null(w)), "\n")
  for (i in seq_along(y))
    cat(sprintf("%.17g", c(x[i, ], y[i], weights[i])), "\n")
  for (tau in taus)
    for (se in c("iid", "nid")) {
      fit <- suppressWarnings(if (is.null(w)) rq(y ~ x - 1, tau = tau) else rq(y ~ x - 1, tau = tau, weights = w))
      # where the median regression behind "iid" has several solutions there is no one answer
      unique <- TRUE
      table <- withCallingHandlers(summary(fit, se = se)$coefficients, warning = function(w) {
        unique <<- unique && !grepl("nonunique", conditionMessage(w))
        invokeRestart("muffleWarning")
      })
      if (!unique)
        next
      cat("tau", tau, se, sprintf("%.17g", c(table[, 1], table[, 2], table[, 4])), "\n")
    }
}

data(engel)
put("engel", cbind(1, engel$income), engel$foodexp)
set.seed(20240611)
x <- cbind(1, matrix(rnorm(600), 200))
put("normal", x, drop(x %*% c(1, 2, -1, 0.5)) + rnorm(200))
x <- cbind(1, runif(300, 0, 10), rexp(300))
put("fan", x, drop(x %*% c(5, 1, 3)) + (0.5 + 0.3 * x[, 2]) * rnorm(300))
put("weighted", x, drop(x %*% c(5, 1, 3)) + (0.5 + 0.3 * x[, 2]) * rt(300, 4), w = runif(300, 0.2, 3))
x <- cbind(1, 1e6 + 100 * rnorm(150), 1e-3 * rnorm(150))
put("scaled", x, drop(x %*% c(3, 1e-4, 50)) + rnorm(150), taus = c(0.25, 0.5))
