# Texts of a made-up shop and their TF-IDF by scikit-learn 1.2.1, for texts.R, which calls it.
# First "rows N", then a line a row (x, y, count, class, weight, text), then for each size "design BUCKETS LINES" and
# lines of row, bucket, value.
import random
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer

random.seed(20)
words = ["tea", "green tea", "Beer", "cold", "hot", "milk", "sale", "2 for 1", "お茶", "ビール", "牛乳", "セール", "冷たい", "熱い", "Ünlü", "ΩMEGA"]
worth = [1.5, 2, -1, 0.4, -0.3, 0, 1, 0.6, 1.2, -0.8, 0.1, 0.9, 0.3, -0.2, 0.5, -0.5]
texts, rows = [], []
for i in range(150):
    chosen = random.sample(range(len(words)), random.randint(2, 5))
    text = " ".join(words[k] for k in chosen)
    if random.random() < 0.3:
        at = random.randrange(len(text))
        text = (text[:at] + random.choice("xyzあい") + text[at + 1:]).strip()
    texts.append(text)
    score = sum(worth[k] for k in chosen) / len(chosen) ** 0.5
    x = random.gauss(5, 2)
    y = score + 0.3 * x + random.gauss(0, 0.5)
    rows.append((x, y, int(random.expovariate(1) * 2.718 ** (0.5 * score) * 2), int(score + random.gauss(0, 0.7) > 0.7), random.choice([0.5, 1, 2]), text))
print("rows", len(rows))
for row in rows:
    print("%.17g %.17g %d %d %g %s" % row)
for buckets in (12, 4096):
    counts = HashingVectorizer(analyzer="char", ngram_range=(1, 3), n_features=buckets, alternate_sign=True, norm=None).transform(texts)
    z = TfidfTransformer().fit_transform(counts).tocoo()
    print("design", buckets, z.nnz)
    for i, j, v in zip(z.row, z.col, z.data):
        print("%d %d %.17g" % (i, j, v))
