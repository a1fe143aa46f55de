# Writes texts.txt: linear models of texts by their character n-grams.  Written with R 4.2.2, glmnet 4.1-6 and
# quantreg, on the TF-IDF that texts.py makes with scikit-learn, by
#
#   Rscript texts.R > texts.txt
#
# Folds are those that mlpg deals (test_texts prints them, argument "folds", into texts_folds.txt).
#
# First "rows N" and a line a row: x, y, count, class, weight, text.  Then for each fit "fit NAME LINES" and lines of
# two or three numbers: bucket (-1: the intercept, -2: x), estimate, standard error; of an elastic net
# "path NAME LAMBDAS" and for each "LAMBDA EXPLAINED CV_MEAN CV_STDDEV ENTRIES" with lines of bucket and estimate.
# 12 buckets have more rows than terms; 4096 have many more terms than rows, and then the lasso's answer is one of
# many.  Of gaussian with a ridge part y is brought to deviation 1 before, by which glmnet divides that part.
suppressWarnings(suppressPackageStartupMessages({library(glmnet); library(quantreg); library(Matrix)}))

lines <- system("python3 texts.py", intern = TRUE)
n <- as.integer(strsplit(lines[1], " ")[[1]][2])
cat(lines[1:(n + 1)], sep = "\n")
cat("\n")
row <- do.call(rbind, lapply(strsplit(lines[2:(n + 1)], " "), function(f) as.numeric(f[1:5])))
x <- row[, 1]; y <- row[, 2]; count <- row[, 3]; class <- row[, 4]; w <- row[, 5]
at <- n + 2
design <- list()
for (k in 1:2) {
  head <- as.integer(strsplit(lines[at], " ")[[1]][2:3])
  entry <- do.call(rbind, lapply(strsplit(lines[at + seq_len(head[2])], " "), as.numeric))
  design[[k]] <- sparseMatrix(i = entry[, 1] + 1, j = entry[, 2] + 1, x = entry[, 3], dims = c(n, head[1]))
  at <- at + head[2] + 1
}
small <- as.matrix(design[[1]])
large <- design[[2]][, colSums(abs(design[[2]])) > 0]
bucket_of_large <- which(colSums(abs(design[[2]])) > 0) - 1
bucket <- c(-1, -2, seq_len(ncol(small)) - 1)

put <- function(name, estimate, error = NULL) {
  cat("fit", name, length(estimate), "\n")
  for (i in seq_along(estimate)) cat(sprintf("%.17g", c(bucket[i], estimate[i], error[i])), "\n")
}

fit <- lm(y ~ x + small, weights = w)
put("linear", coef(fit), summary(fit)$coefficients[, 2])
new <- data.frame(x = x); new$small <- small
interval <- predict(fit, new, interval = "prediction", level = 0.9)
cat("intervals", n, "\n")
for (i in seq_len(n)) cat(sprintf("%.17g", interval[i, ]), "\n")
h <- hatvalues(fit); z <- model.matrix(fit); bread <- solve(crossprod(z, w * z))
meat <- crossprod(z * (w * residuals(fit) / (1 - h)))
put("robust", coef(fit), sqrt(diag(bread %*% meat %*% bread)))

# ridge of 0.01: x of unit variance, n-grams as they are, the intercept free
s <- sqrt(weighted.mean((x - weighted.mean(x, w))^2, w))
z <- cbind(1, x / s, small)
b <- solve(crossprod(z, w * z) / sum(w) + diag(c(0, rep(0.01, ncol(z) - 1))), crossprod(z, w * y) / sum(w))
put("ridge", b / c(1, s, rep(1, ncol(small))))

fit <- glm(count ~ x + small, family = poisson, control = glm.control(epsilon = 1e-14, maxit = 100))
put("poisson", coef(fit), summary(fit)$coefficients[, 2])
fit <- glm(class ~ x + small, family = binomial, control = glm.control(epsilon = 1e-14, maxit = 100))
put("binomial", coef(fit), summary(fit)$coefficients[, 2])
put("quantile", coef(rq(y ~ x + small, tau = 0.3, method = "br")))

folds <- function(name) {
  line <- grep(paste0("^", name, " "), readLines("texts_folds.txt"), value = TRUE)
  as.integer(strsplit(line, " ")[[1]][-1]) + 1
}
put_path <- function(name, z, target, family, alpha, bucket, which, foldid = NULL) {
  y <- if (family == "gaussian" && alpha < 1) target / sqrt(mean((target - mean(target))^2)) else target
  fit <- glmnet(z, y, family = family, alpha = alpha, standardize = FALSE, thresh = 1e-24, maxit = 1e8)
  cvm <- cvsd <- rep(NA, length(fit$lambda))
  if (!is.null(foldid)) {
    cv <- cv.glmnet(z, y, family = family, alpha = alpha, standardize = FALSE, thresh = 1e-24, maxit = 1e8, foldid = foldid, lambda = fit$lambda)
    cvm <- cv$cvm; cvsd <- cv$cvsd
  }
  which <- which[which <= length(fit$lambda)]
  cat("path", name, length(fit$lambda), length(which), "\n")
  for (k in which) {
    b <- coef(fit)[, k]
    kept <- which(b != 0)
    cat(k, sprintf("%.17g", c(fit$lambda[k], fit$dev.ratio[k], cvm[k], cvsd[k])), length(kept), "\n")
    for (j in kept) cat(c(-1, bucket)[j], sprintf("%.17g", b[j]), "\n")
  }
}
put_path("lasso", small, y, "gaussian", 1, seq_len(ncol(small)) - 1, 1:100, folds("lasso"))
put_path("ridge_mix", small, count, "poisson", 0.3, seq_len(ncol(small)) - 1, c(1, 5, 10, 20, 40))
put_path("many", large, y, "gaussian", 0.5, bucket_of_large, c(2, 10, 20, 40, 60))
put_path("many_logit", large, class, "binomial", 0.5, bucket_of_large, c(2, 10, 20, 40, 60))
