# Writes texts.txt: linear models of texts by their character n-grams.  Written with R 4.2.2 and quantreg, on
# the TF-IDF that texts.py makes with scikit-learn, by
#
#   Rscript texts.R > texts.txt
#
# First "rows N" and a line a row: x, y, count, class, weight, text.  Then for each fit "fit NAME LINES" and lines of
# two or three numbers: bucket (-1: the intercept, -2: x), estimate, standard error.
suppressWarnings(suppressPackageStartupMessages({library(quantreg); library(Matrix)}))

lines <- system("python3 texts.py", intern = TRUE)
n <- as.integer(strsplit(lines[1], " ")[[1]][2])
cat(lines[1:(n + 1)], sep = "\n")
cat("\n")
row <- do.call(rbind, lapply(strsplit(lines[2:(n + 1)], " "), function(f) as.numeric(f[1:5])))
x <- row[, 1]; y <- row[, 2]; count <- row[, 3]; class <- row[, 4]; w <- row[, 5]
head <- as.integer(strsplit(lines[n + 2], " ")[[1]][2:3])
entry <- do.call(rbind, lapply(strsplit(lines[n + 2 + seq_len(head[2])], " "), as.numeric))
small <- as.matrix(sparseMatrix(i = entry[, 1] + 1, j = entry[, 2] + 1, x = entry[, 3], dims = c(n, head[1])))
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
