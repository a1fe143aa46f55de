/*
 * One line a learner: LEARNER(id, symbol).  Ids are on disk in every model:
 * pinned, never reused.  The symbol is the const MlpgLearner mlpg_<symbol>.
 */
LEARNER(1, baseline)
LEARNER(2, linear)
LEARNER(3, quantile)
LEARNER(4, boosted_trees)
LEARNER(5, random_forest)
LEARNER(6, glm)
LEARNER(7, logistic)
LEARNER(8, expectile)
LEARNER(9, elastic_net)
LEARNER(10, linex)
