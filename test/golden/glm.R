# Reference fits of "glm" and of robust errors of "linear", read by test/unit/test_glm.c.
#   Rscript test/golden/glm.R > test/golden/glm.txt
# R's glm, MASS::glm.nb and lm, iterated to the last digit; the Tweedie family is written out here (as in
# package statmod); robust covariances are computed from hatvalues and working residuals (as package sandwich does).
# Factors are written as level numbers from 0; a test names level k "ck".
suppressMessages(library(MASS))
options(contrasts = c("contr.treatment", "contr.treatment"))
tight <- glm.control(epsilon = 1e-15, maxit = 200)

tweedie <- function(p, link) {
  structure(c(make.link(link), list(family = "tweedie", variance = function(mu) mu^p,
    dev.resids = function(y, mu, wt) 2 * wt * (ifelse(y > 0, y^(2 - p) / ((1 - p) * (2 - p)), 0) - y * mu^(1 - p) / (1 - p) + mu^(2 - p) / (2 - p)),
    aic = function(y, n, mu, wt, dev) NA, validmu = function(mu) all(mu > 0),
    initialize = expression({ mustart <- y + 0.1; n <- rep(1, nobs) }))), class = "family")
}

# Fisher's scoring stops when the deviance does; the coefficients of links that are not canonical need a few steps more.
polish <- function(fit) {
  for (i in 1:8) fit <- if (inherits(fit, "negbin")) update(fit, start = coef(fit), init.theta = fit$theta) else update(fit, start = coef(fit))
  fit
}

# The error that MASS states belongs to the theta before the last step.
theta_error <- function(fit) {
  th <- fit$theta; mu <- fitted(fit); y <- fit$y
  1 / sqrt(sum(trigamma(th) - trigamma(th + y) - 1 / th + 2 / (mu + th) - (y + th) / (mu + th)^2))
}

number <- function(x) ifelse(is.na(x), "nan", sprintf("%.17g", x))

sandwich <- function(fit, kind) {
  x <- model.matrix(fit)
  lm <- !inherits(fit, "glm")
  w <- if (!lm) weights(fit, "working") else if (is.null(weights(fit))) rep(1, nrow(x)) else weights(fit)
  u <- (if (lm) residuals(fit) else residuals(fit, "working")) * w
  h <- hatvalues(fit)
  bread <- solve(crossprod(x * sqrt(w)))
  n <- nrow(x)
  a <- switch(kind, HC0 = u^2, HC1 = u^2 * n / (n - ncol(x)), HC2 = u^2 / (1 - h), HC3 = u^2 / (1 - h)^2)
  sqrt(diag(bread %*% crossprod(x * sqrt(a)) %*% bread))
}

# learner, what is set beside the family's defaults, the fit, and the columns: features, target, weight, offset
emit <- function(name, learner, parameters, fit, features, y, weight = NULL, offset = NULL, robust = NULL) {
  cat("case", name, learner, length(features), length(y), !is.null(weight), !is.null(offset), "\n")
  cat("parameters", parameters, "\n")
  cat("kinds", paste(ifelse(sapply(features, is.factor), "c", "n"), collapse = ""), "\n")
  columns <- c(lapply(features, function(f) if (is.factor(f)) as.integer(f) - 1 else f), list(y), if (!is.null(weight)) list(weight),
               if (!is.null(offset)) list(offset))
  for (i in seq_along(y)) cat(sapply(columns, function(x) number(as.numeric(x[i]))), "\n")
  if (learner == "glm") fit <- polish(fit)
  table <- coef(summary(fit))
  if (!is.null(robust)) {
    error <- sandwich(fit, robust)
    z <- coef(fit) / error
    p <- if (learner == "linear" || !(family(fit)$family %in% c("binomial", "poisson"))) 2 * pt(-abs(z), df.residual(fit)) else 2 * pnorm(-abs(z))
    table <- cbind(coef(fit), error, z, p)
  }
  cat("coefficients", nrow(table), "\n")
  for (i in 1:nrow(table)) cat(number(table[i, ]), "\n")
  if (learner == "glm") {
    s <- summary(fit)
    nb <- inherits(fit, "negbin")
    facts <- c(deviance = fit$deviance, null_deviance = fit$null.deviance, df_residual = fit$df.residual, dispersion = s$dispersion,
               aic = fit$aic, log_likelihood = if (is.na(fit$aic)) NA else as.numeric(logLik(fit)))
    if (nb) facts <- c(facts, theta = fit$theta, theta_std_error = theta_error(fit))
    cat("facts", length(facts), "\n")
    for (k in names(facts)) cat(k, number(facts[[k]]), "\n")
    cat("fitted", number(fitted(fit)[c(1, 2, length(y))]), "\n")
  } else cat("facts 0\nfitted", number(fitted(fit)[c(1, 2, length(y))]), "\n")
}

# binomial: 0 and 1, and shares of trials
infert$education <- factor(infert$education)
for (link in c("logit", "probit", "cloglog")) {
  fit <- glm(case ~ age + education + induced + spontaneous, binomial(link), infert, control = tight)
  emit(link, "glm", paste0("family=binomial link=", link), fit, infert[c("age", "education", "induced", "spontaneous")], infert$case)
  fit <- glm(Menarche / Total ~ Age, binomial(link), menarche, weights = Total, control = tight)
  emit(paste0(link, "_shares"), "glm", paste0("family=binomial link=", link), fit, menarche["Age"], menarche$Menarche / menarche$Total, menarche$Total)
}

# poisson, with and without offset, and with other links
Insurance$Group <- factor(Insurance$Group, ordered = FALSE)
Insurance$Age <- factor(Insurance$Age, ordered = FALSE)
fit <- glm(Claims ~ District + Group + Age + offset(log(Holders)), poisson, Insurance, control = tight)
emit("poisson_offset", "glm", "family=poisson", fit, Insurance[c("District", "Group", "Age")], Insurance$Claims, offset = log(Insurance$Holders))
fit <- glm(breaks ~ wool + tension, poisson, warpbreaks, control = tight)
emit("poisson", "glm", "family=poisson", fit, warpbreaks[c("wool", "tension")], warpbreaks$breaks)
fit <- glm(breaks ~ wool + tension, poisson("sqrt"), warpbreaks, control = tight)
emit("poisson_sqrt", "glm", "family=poisson link=sqrt", fit, warpbreaks[c("wool", "tension")], warpbreaks$breaks)
fit <- glm(breaks ~ wool + tension - 1, poisson, warpbreaks, control = tight)
emit("poisson_no_intercept", "glm", "family=poisson intercept=false", fit, warpbreaks[c("wool", "tension")], warpbreaks$breaks)

# gaussian, weighted
part <- seq_len(nrow(trees)) %% 5
fit <- glm(Volume ~ Girth + Height, gaussian, trees, weights = part, control = tight)
emit("gaussian_weights", "glm", "family=gaussian", fit, trees[c("Girth", "Height")], trees$Volume, part)
fit <- glm(Volume ~ Girth + Height, gaussian("log"), trees, control = tight, start = c(1, 0.1, 0.01))
emit("gaussian_log", "glm", "family=gaussian link=log", fit, trees[c("Girth", "Height")], trees$Volume)

# gamma and inverse gaussian; the clotting times are McCullagh and Nelder's, 1989, page 300
clotting <- data.frame(u = log(c(5, 10, 15, 20, 30, 40, 60, 80, 100)), lot1 = c(118, 58, 42, 35, 27, 25, 21, 19, 18))
fit <- glm(lot1 ~ u, Gamma, clotting, control = tight)
emit("gamma", "glm", "family=gamma", fit, clotting["u"], clotting$lot1)
fit <- glm(Volume ~ Girth + Height, Gamma("log"), trees, control = tight)
emit("gamma_log", "glm", "family=gamma link=log", fit, trees[c("Girth", "Height")], trees$Volume)
fit <- glm(Volume ~ Girth + Height, Gamma("log"), trees, weights = 1 + part, control = tight)
emit("gamma_log_weights", "glm", "family=gamma link=log", fit, trees[c("Girth", "Height")], trees$Volume, 1 + part)
fit <- glm(lot1 ~ u, inverse.gaussian, clotting, control = tight)
emit("inverse_gaussian", "glm", "family=inverse_gaussian", fit, clotting["u"], clotting$lot1)
fit <- glm(Volume ~ Girth + Height, inverse.gaussian("log"), trees, control = tight)
emit("inverse_gaussian_log", "glm", "family=inverse_gaussian link=log", fit, trees[c("Girth", "Height")], trees$Volume)

# negative binomial, and tweedie
fit <- glm.nb(Days ~ Eth + Sex + Age + Lrn, quine, control = glm.control(epsilon = 1e-14, maxit = 500))
emit("negative_binomial", "glm", "family=negative_binomial", fit, quine[c("Eth", "Sex", "Age", "Lrn")], quine$Days)
fit <- glm(Days ~ Eth + Sex + Age + Lrn, tweedie(1.6, "log"), quine, control = tight)
emit("tweedie", "glm", "family=tweedie power=1.6", fit, quine[c("Eth", "Sex", "Age", "Lrn")], quine$Days)

# robust errors
for (kind in c("HC0", "HC1", "HC2", "HC3")) {
  fit <- glm(Days ~ Eth + Sex + Age + Lrn, poisson, quine, control = tight)
  emit(paste0("poisson_", kind), "glm", paste0("family=poisson robust=", kind), fit, quine[c("Eth", "Sex", "Age", "Lrn")], quine$Days, robust = kind)
  fit <- glm(Volume ~ Girth + Height, Gamma("log"), trees, weights = 1 + part, control = tight)
  emit(paste0("gamma_", kind), "glm", paste0("family=gamma link=log robust=", kind), fit, trees[c("Girth", "Height")], trees$Volume, 1 + part, robust = kind)
  fit <- lm(Volume ~ Girth + Height, trees)
  emit(paste0("linear_", kind), "linear", paste0("robust=", kind), fit, trees[c("Girth", "Height")], trees$Volume, robust = kind)
  fit <- lm(mpg ~ wt + hp + cyl, transform(mtcars, cyl = factor(cyl)), weights = gear)
  emit(paste0("linear_weights_", kind), "linear", paste0("robust=", kind), fit, transform(mtcars, cyl = factor(cyl))[c("wt", "hp", "cyl")], mtcars$mpg, mtcars$gear, robust = kind)
}
