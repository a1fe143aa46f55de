# Times R quantreg on a matrix in memory, as the peer of mlpg's quantile learner.
#
#   Rscript quantreg.R FILE TAU [METHOD] [RUNS]
#
# FILE ending in .csv: a header, the target in the last column, an intercept is
# added.  Any other FILE: int64 n, int64 p, then n x p doubles by rows (with
# the intercept, if any, as a column), then n doubles of the target; native
# byte order.  METHOD is pfn (default), fnb or br.  Empty fields count as 0.
# Prints one line a run: seconds of the fit alone, then the check loss and the
# coefficients to 17 digits.
suppressPackageStartupMessages(library(quantreg))
arguments <- commandArgs(trailingOnly = TRUE)
file <- arguments[1]
tau <- as.numeric(arguments[2])
method <- if (length(arguments) >= 3) arguments[3] else "pfn"
runs <- if (length(arguments) >= 4) as.integer(arguments[4]) else 1L
if (grepl("\\.csv$", file)) {
  data <- as.matrix(read.csv(file))
  data[is.na(data)] <- 0
  y <- data[, ncol(data)]
  x <- cbind(1, data[, -ncol(data), drop = FALSE])
} else {
  input <- file(file, "rb")
  raw_sizes <- readBin(input, "integer", 4, size = 4)   # low words first: sizes below 2^31
  n <- raw_sizes[1]
  p <- raw_sizes[3]
  x <- t(matrix(readBin(input, "double", n * p), nrow = p))
  y <- readBin(input, "double", n)
  close(input)
}
fit <- switch(method,
  pfn = function() rq.fit.pfn(x, y, tau = tau),
  fnb = function() rq.fit.fnb(x, y, tau = tau),
  br = function() rq.fit.br(x, y, tau = tau))
for (run in seq_len(runs)) {
  gc()
  seconds <- system.time(result <- fit())
  residual <- y - drop(x %*% result$coefficients)
  cat(sprintf("%s seconds %.3f cpu %.3f objective %.17g\n", method, seconds[["elapsed"]],
              seconds[["user.self"]] + seconds[["sys.self"]], sum(residual * (tau - (residual < 0)))))
}
cat(sprintf("%.17g", result$coefficients), "\n")
