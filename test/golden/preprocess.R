# Reference values of test/unit/test_preprocess.c, from R 4.2.2; output in preprocess.txt.
library(splines)
options(digits = 15, width = 140)
x <- c(0, 0.5, 1, 1.5, 2.5, 3, 4, 4.5, 6, 7, 8.5, 10)
b <- ns(x, df = 4)
print(attr(b, "knots"))
print(predict(b, c(-1.5, 0.5, 2.25, 5, 10, 12))[, ])
d <- data.frame(
  a = factor(c("n", "n", "n", "s", "s", "s", "e", "e", "e", "n", "s", "e")),
  b = factor(c("t", "u", "t", "u", "t", "u", "t", "u", "t", "u", "t", "u")),
  y = c(1, 4, 2, 3, 7, 5, 8, 2, 9, 6, 5, 3))
print(coef(lm(y ~ a * b, d)))
