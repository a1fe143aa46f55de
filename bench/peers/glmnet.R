# Times the path of R's glmnet on a matrix in memory, as the peer of mlpg's elastic_net.
#
#   Rscript glmnet.R FILE gaussian|binomial
#
# FILE: 28 columns and the target by rows, as trees.py matrix writes it (numpy's format, version 1). Prints
# one line of JSON: wall and CPU seconds of the fit alone, lambdas visited, coefficients at the last.
suppressPackageStartupMessages(library(glmnet))
arguments <- commandArgs(trailingOnly = TRUE)
input <- file(arguments[1], "rb")
invisible(readBin(input, "raw", 8))
size <- readBin(input, "integer", 1, size = 2, signed = FALSE)
header <- rawToChar(readBin(input, "raw", size))
shape <- as.numeric(strsplit(sub(".*\\(([0-9]+), ([0-9]+)\\).*", "\\1 \\2", header), " ")[[1]])
data <- readBin(input, "double", prod(shape))
close(input)
byrow <- grepl("'fortran_order': False", header)
data <- if (byrow) t(matrix(data, nrow = shape[2])) else matrix(data, nrow = shape[1])
x <- data[, 1:28]
y <- data[, 29]
rm(data)
if (arguments[2] == "binomial") y <- as.integer(y > 6)
invisible(glmnet(x[1:1000, ], y[1:1000], family = arguments[2]))
invisible(gc())
time <- system.time(fit <- glmnet(x, y, family = arguments[2]))
steps <- length(fit$lambda)
cat(sprintf('{"wall": %.3f, "cpu": %.3f, "steps": %d, "answer": [%s]}\n', time[["elapsed"]], time[["user.self"]] + time[["sys.self"]],
            steps, paste(sprintf("%.17g", as.numeric(coef(fit)[, steps])), collapse = ", ")))
