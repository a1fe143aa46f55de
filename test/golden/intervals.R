# Writes intervals.txt: prediction intervals of least squares by R's predict.lm.
# Written with R 4.2.2 by
#
#   Rscript intervals.R > intervals.txt
#
# Each problem: a line "problem NAME n p weighted intercept", n lines of p columns, the
# target and the weight, then lines "row LEVEL columns... fit lower upper".
put <- function(name, x, y, new, w = NULL, intercept = TRUE, levels = c(0.5, 0.8, 0.95, 0.999)) {
  x <- as.matrix(x)
  data <- as.data.frame(x)
  weights <- if (is.null(w)) rep(1, length(y)) else w
  cat("problem", name, nrow(x), ncol(x), as.integer(!is.null(w)), as.integer(intercept), "\n")
  for (i in seq_along(y))
    cat(sprintf("%.17g", c(x[i, ], y[i], weights[i])), "\n")
  fit <- if (intercept) lm(y ~ ., data, weights = weights) else lm(y ~ . - 1, data, weights = weights)
  new <- as.data.frame(new)
  names(new) <- names(data)
  for (level in levels) {
    answer <- suppressWarnings(predict(fit, new, interval = "prediction", level = level))
    for (i in seq_len(nrow(new)))
      cat("row", level, sprintf("%.17g", c(unlist(new[i, ]), answer[i, ])), "\n")
  }
}

put("longley", longley[, c(1, 2, 3, 4, 5, 6)], longley$Employed, rbind(colMeans(longley[, 1:6]), c(120, 560, 200, 300, 132, 1965)))
put("cars", cars["speed"], cars$dist, matrix(c(4, 15, 40)))
set.seed(20240612)
x <- matrix(rnorm(90), 30)
put("few", x[1:6, ], drop(x[1:6, ] %*% c(1, -2, 0.5)) + rnorm(6), rbind(0, 1, c(-3, 2, 5)))
put("weighted", x, drop(x %*% c(1, -2, 0.5)) + rnorm(30), rbind(0, 1, c(-3, 2, 5)), w = runif(30, 0.1, 4))
put("origin", x, drop(x %*% c(1, -2, 0.5)) + rnorm(30), rbind(0, 1, c(-3, 2, 5)), intercept = FALSE)
second <- 7.5e8 + 60 * (1:40)
put("timestamps", cbind(second, rnorm(40)), (second - 7.5e8) / 100 + rnorm(40), rbind(c(7.5e8 + 1234, 0), c(7.5e8 + 9999, -2)))
