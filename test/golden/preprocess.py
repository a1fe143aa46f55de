# Reference values of test/unit/test_preprocess.c, from scikit-learn 1.2.1; output in preprocess.txt.
from sklearn.feature_extraction import FeatureHasher
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.preprocessing import KBinsDiscretizer, PolynomialFeatures
import numpy as np

print(FeatureHasher(n_features=1000, input_type="string", alternate_sign=False)
      .transform([[t] for t in ["alice", "bob", "Zoë", "東京", "", "user-12345"]]).indices)
docs = ["Free entry!", "free tea  and TEA", "東京都の天気", "a", "ÄÖ Ünder Ωmega"]
counts = HashingVectorizer(analyzer="char", ngram_range=(2, 3), n_features=16, alternate_sign=True, norm=None).transform(docs)
t = TfidfTransformer().fit_transform(counts)
np.set_printoptions(precision=9, linewidth=130, suppress=True)
print(t.toarray())
x = np.array([[1], [2], [2], [2], [3], [5], [8], [13], [21], [34.5]])
k = KBinsDiscretizer(n_bins=4, encode="ordinal", strategy="quantile").fit(x)
print(k.bin_edges_[0], k.transform(np.array([[0], [2], [2.9], [3], [4], [11.75], [99]])).ravel())
print(PolynomialFeatures(3, include_bias=False).fit(np.zeros((1, 3))).get_feature_names_out(["a", "b", "c"]))
