# Writes glmnet.txt: elastic net problems with the regularisation paths of R
# glmnet.  Written with R 4.2.2 and glmnet 4.1-6 by
#
#   Rscript glmnet.R > glmnet.txt
#
# Each problem: a line "problem NAME family n p kinds alpha intercept weighted offset seed folds",
# n lines of p features, target, weight, offset, fold (kinds has a letter a feature, c: a category by number,
# one-hot here), then "path LAMBDAS TERMS" and a line a lambda: lambda, deviance
# explained, coefficients (intercept first, if any; levels in the place of their category), mean and
# standard error of cross-validation (NA where folds is 0).
#
# glmnet divides the ridge part of gaussian by the deviation of y: those y are brought to
# deviation 1 before.  Folds are those that mlpg deals (test_elastic_net prints them, argument "folds").
suppressWarnings(suppressPackageStartupMessages(library(glmnet)))

design <- function(x, kinds) {
  parts <- lapply(seq_along(kinds), function(j) {
    if (kinds[j] == "n") return(x[, j, drop = FALSE])
    levels <- sort(unique(x[, j]))
    outer(x[, j], levels, "==") + 0
  })
  do.call(cbind, parts)
}

# rows as mlpg should get them: %.17g reads back as the same double
folds_of <- function(name, n) {
  file <- "glmnet_folds.txt"
  lines <- if (file.exists(file)) readLines(file) else character(0)
  line <- grep(paste0("^", name, " "), lines, value = TRUE)
  if (length(line) == 0) return(rep(1, n))
  as.integer(strsplit(line, " ")[[1]][-1]) + 1
}

put <- function(name, family, x, y, kinds = rep("n", ncol(x)), alpha = 1, intercept = TRUE, w = NULL, offset = NULL, folds = 0) {
  n <- nrow(x)
  weights <- if (is.null(w)) rep(1, n) else w
  if (family == "gaussian" && alpha < 1) {
    m <- if (intercept) weighted.mean(y, weights) else 0
    y <- y / sqrt(weighted.mean((y - m)^2, weights))
  }
  foldid <- if (folds > 0) folds_of(name, n) else rep(0, n)
  cat("problem", name, family, n, ncol(x), paste(kinds, collapse = ""), alpha, as.integer(intercept), as.integer(!is.null(w)),
      as.integer(!is.null(offset)), 7, folds, "\n")
  o <- if (is.null(offset)) rep(0, n) else offset
  for (i in seq_len(n)) cat(sprintf("%.17g", c(x[i, ], y[i], weights[i], o[i], max(0, foldid[i] - 1))), "\n")
  z <- design(x, kinds)
  fit <- glmnet(z, y, family = family, alpha = alpha, intercept = intercept, weights = weights, offset = offset,
                thresh = 1e-24, maxit = 1e8)
  cvm <- cvsd <- rep(NA, length(fit$lambda))
  if (folds > 0 && length(unique(foldid)) > 1) {
    cv <- cv.glmnet(z, y, family = family, alpha = alpha, intercept = intercept, weights = weights, offset = offset,
                    thresh = 1e-24, maxit = 1e8, foldid = foldid, lambda = fit$lambda)
    cvm <- cv$cvm
    cvsd <- cv$cvsd
  }
  b <- as.matrix(coef(fit))
  if (!intercept) b <- b[-1, , drop = FALSE]
  cat("path", length(fit$lambda), nrow(b), "\n")
  for (k in seq_along(fit$lambda))
    cat(sprintf("%.17g", c(fit$lambda[k], fit$dev.ratio[k], b[, k], cvm[k], cvsd[k])), "\n")
}

set.seed(20261124)
n <- 80
x <- matrix(rnorm(n * 6), n) %*% chol(0.5^abs(outer(1:6, 1:6, "-"))) %*% diag(c(1, 10, 0.1, 1, 1, 1))
x[, 4] <- x[, 4] + 100
y <- drop(3 + x %*% c(1, 0, 20, -0.5, 0, 0.2)) + 2 * rnorm(n)
put("lasso", "gaussian", x, y, folds = 5)
put("net", "gaussian", x, y, alpha = 0.4)
put("ridge", "gaussian", x, y, alpha = 0)
put("origin", "gaussian", x, y, intercept = FALSE)
w <- round(rexp(n) * 4, 2)
w[3] <- 0
put("weights", "gaussian", x, y, alpha = 0.7, w = w)
level <- rep(0:6, length.out = n)
lx <- cbind(level, x[, 1:2], rep(0:2, each = 27)[1:n])
put("levels", "gaussian", lx, level %% 3 + lx[, 2] + rnorm(n), kinds = c("c", "n", "n", "c"))
wide <- matrix(rnorm(25 * 40), 25)
put("wide", "gaussian", wide, drop(wide[, 1:3] %*% c(2, -1, 1)) + rnorm(25) / 2, alpha = 0.9)
put("offset_gaussian", "gaussian", x, y + x[, 5], offset = x[, 5])

p <- 1 / (1 + exp(-drop(-1 + x %*% c(1, 0.1, 0, 0, -1, 0))))
b <- as.integer(runif(n) < p)
put("logit", "binomial", x, b, folds = 5)
put("logit_net", "binomial", x, b, alpha = 0.3, w = w)
put("logit_levels", "binomial", lx, b, kinds = c("c", "n", "n", "c"), alpha = 0.8)
put("logit_offset", "binomial", x, b, offset = x[, 2] / 20)
put("logit_origin", "binomial", x, b, intercept = FALSE)
put("separated", "binomial", x, as.integer(x[, 1] + x[, 5] > 0.3))

count <- rpois(n, exp(drop(x %*% c(0.4, 0, 2, 0, 0, 0.3)) + 0.5))
put("poisson", "poisson", x, count, folds = 5)
put("poisson_net", "poisson", x, count, alpha = 0.5, w = w)
exposure <- log(rexp(n) + 0.1)
put("poisson_offset", "poisson", x, rpois(n, exp(1 + exposure + 0.3 * x[, 1])), offset = exposure)
put("poisson_levels", "poisson", lx, count, kinds = c("c", "n", "n", "c"))
