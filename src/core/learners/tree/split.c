/*-------------------------------------------------------------------------
 *
 * split.c
 *	  The best split of a node by one feature, from its histogram.
 *
 * A leaf with gradient sum G and hessian sum H answers v = -T(G)/(H + l2), T the
 * soft threshold at lambda_l1; its gain is T(G)^2/(H + l2), half of which is what
 * the second-order expansion of the loss falls by (Friedman 2001; Chen and Guestrin
 * 2016, eq. 6).  A split is worth gain(left) + gain(right) - gain(node).  Where a leaf may not
 * answer v (max_delta_step, path_smooth, bounds of monotone features) its gain
 * is -(2 T(G) v + (H + l2) v^2) with the answer it may give.
 *
 * Numbers: bins ascend, a split is "up to bin b"; where the node has missing
 * rows they are tried on both sides, where it has none new ones will go to the side with
 * more rows.
 *
 * Categories (Fisher 1958, as in LightGBM): up to max_cat_to_onehot bins, one
 * against all others.  Else bins with at least cat_smooth rows are ordered by
 * G/(H + cat_smooth), and prefixes of that order from either end, at most
 * max_cat_threshold bins and half of them, are tried as the left side; sides and steps have at least
 * min_data_per_group rows.  Sets are compared with cat_l2 added to l2; the best of them competes with other
 * features, and answers, without it.  (LightGBM weighs its penalised sides against
 * the node without penalty, which keeps categories out of small nodes: doc/accuracy.md.)  Whatever is not in
 * the set goes right: missing, pooled and unseen categories.
 *
 * The number of rows on a side is the sum of hessians times rows by hessian of
 * the node: exact where hessians are 1, LightGBM's estimate elsewhere.
 *
 * Ties go to the lower bin (the caller gives them to the lower feature), missing
 * right before missing left, so the split depends on sums alone: order-free.
 *
 * Cost: two divisions a bin and side.  At 255 bins about 1 us a feature.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/tree/split.h"

/* keeps 0/0 away where there is neither hessian nor penalty */
#define TINY 1e-15

typedef struct Search
{
	const MlpgSplitRules *rules;
	const MlpgScales *scales;
	const MlpgSplitFeature *feature;
	const MlpgSplitNode *node;
	double		l2;
	double		rows_by_hessian;
	double		bar;			/* gains of children must be above */
	bool		plain;			/* no bounds of any kind on the answers */
	MlpgSplit  *split;
} Search;

static inline double
soft(double g, double l1)
{
	double		a = fabs(g) - l1;

	return a > 0 ? copysign(a, g) : 0;
}

double
mlpg_leaf_value(const MlpgSplitRules *rules, double l2, double gradient, double hessian, double n,
				double parent, double lower, double upper)
{
	double		v = -soft(gradient, rules->lambda_l1) / (hessian + l2 + TINY);

	if (rules->max_delta_step > 0 && fabs(v) > rules->max_delta_step)
		v = copysign(rules->max_delta_step, v);
	if (rules->path_smooth > 0)
	{
		double		share = n / rules->path_smooth;

		v = (v * share + parent) / (share + 1);
	}
	return v < lower ? lower : v > upper ? upper : v;
}

static inline double
gain_at(const Search *s, double g, double h, double v)
{
	return -(2 * soft(g, s->rules->lambda_l1) * v + (h + s->l2 + TINY) * v * v);
}

static inline double
rows_of(const Search *s, int64_t hessian)
{
	return s->scales->counts ? (double) hessian : rint((double) hessian * s->rows_by_hessian);
}

static inline double
value_of(const Search *s, double g, double h, double n)
{
	return mlpg_leaf_value(s->rules, s->l2, g, h, n, s->node->value, s->node->lower, s->node->upper);
}

/*
 * Gain of the two sides together; negative where the split is not allowed.
 * G and H in their own units, n rows.
 */
static inline __attribute__((always_inline)) double
gain_of(const Search *s, double g, double h, double n, double right_g, double right_h, double right_n)
{
	double		left,
				right;

	if (s->plain)
		return g * g / (h + s->l2 + TINY) + right_g * right_g / (right_h + s->l2 + TINY);
	left = value_of(s, g, h, n);
	right = value_of(s, right_g, right_h, right_n);
	if (s->feature->monotone * (right - left) < 0)
		return -1;
	return gain_at(s, g, h, left) + gain_at(s, right_g, right_h, right);
}

/* Tries the split with these sums on the left side; true when it is the best so far. */
static inline __attribute__((always_inline)) bool
try_sums(Search *s, int64_t gradient, int64_t hessian)
{
	const MlpgSplitNode *node = s->node;
	const MlpgSplitRules *rules = s->rules;
	int64_t		other = node->hessian - hessian;
	double		n,
				right_n,
				h,
				right_h,
				gain;

	if (hessian <= 0 || other <= 0)
		return false;
	n = rows_of(s, hessian);
	right_n = rows_of(s, other);
	if (n < (double) rules->min_data_in_leaf || right_n < (double) rules->min_data_in_leaf)
		return false;
	h = (double) hessian * s->scales->hessian;
	right_h = (double) other * s->scales->hessian;
	if (h < rules->min_sum_hessian_in_leaf || right_h < rules->min_sum_hessian_in_leaf)
		return false;
	gain = gain_of(s, (double) gradient * s->scales->gradient, h, n,
				   (double) (node->gradient - gradient) * s->scales->gradient, right_h, right_n) - s->bar;
	if (!(gain > s->split->gain))
		return false;
	s->split->gain = gain;
	s->split->gradient = gradient;
	s->split->hessian = hessian;
	return true;
}

static void
search_number(Search *s, const MlpgCell *cell)
{
	int			n_bins = s->feature->n_bins;
	MlpgCell	missing = cell[s->feature->missing];
	int64_t		missing_g = mlpg_cell_gradient(missing);
	int64_t		missing_h = mlpg_cell_hessian(missing);
	int			last = missing ? n_bins : n_bins - 1;	/* the last: all values against the missing ones */
	int64_t		g = 0,
				h = 0;

	for (int b = 0; b < last; b++)
	{
		if (cell[b] == 0)
			continue;			/* the same split as at the bin before */
		g += mlpg_cell_gradient(cell[b]);
		h += mlpg_cell_hessian(cell[b]);
		if (try_sums(s, g, h))
		{
			s->split->bin = b;
			s->split->missing_left = false;
		}
		if (missing && try_sums(s, g + missing_g, h + missing_h))
		{
			s->split->bin = b;
			s->split->missing_left = true;
		}
	}
	if (!missing && s->split->gain > 0)
		s->split->missing_left = 2 * s->split->hessian >= s->node->hessian;
}

static void
search_one_against_all(Search *s, const MlpgCell *cell)
{
	for (int b = 0; b < s->feature->n_bins; b++)
		if (try_sums(s, mlpg_cell_gradient(cell[b]), mlpg_cell_hessian(cell[b])))
		{
			memset(&s->split->set, 0, sizeof(s->split->set));
			mlpg_bin_set_add(&s->split->set, b);
		}
}

/* Bins with enough rows, by their ratio of sums (stable insertion: at most 254 of them). */
static int
order_bins(const Search *s, const MlpgCell *cell, uint8_t *order)
{
	double		ratio[256];
	int			n = 0;

	for (int b = 0; b < s->feature->n_bins; b++)
	{
		double		h = mlpg_cell_hessian(cell[b]) * s->scales->hessian;
		double		r = mlpg_cell_gradient(cell[b]) * s->scales->gradient / (h + s->rules->cat_smooth);
		int			k = n;

		if (rows_of(s, mlpg_cell_hessian(cell[b])) < s->rules->cat_smooth)
			continue;
		for (; k > 0 && ratio[k - 1] > r; k--)
		{
			ratio[k] = ratio[k - 1];
			order[k] = order[k - 1];
		}
		ratio[k] = r;
		order[k] = (uint8_t) b;
		n++;
	}
	return n;
}

/* The best set of categories by penalised gain, weighed like any other split. */
static void
search_sets(Search *s, const MlpgCell *cell)
{
	MlpgSplit  *split = s->split;
	Search		chooser = *s;
	uint8_t		order[256];
	int			n = order_bins(s, cell, order);
	int			most = s->rules->max_cat_threshold < (n + 1) / 2 ? s->rules->max_cat_threshold : (n + 1) / 2;

	chooser.l2 += s->rules->cat_l2;
	chooser.bar = 0;
	split->gain = -INFINITY;
	for (int end = 0; end < 2; end++)
	{
		int64_t		g = 0,
					h = 0;
		double		group = 0;
		MlpgBinSet	set = {{0}};

		for (int k = 0; k < most; k++)
		{
			int			b = order[end == 0 ? k : n - 1 - k];

			g += mlpg_cell_gradient(cell[b]);
			h += mlpg_cell_hessian(cell[b]);
			group += rows_of(s, mlpg_cell_hessian(cell[b]));
			mlpg_bin_set_add(&set, b);
			if (rows_of(s, s->node->hessian - h) < s->rules->min_data_per_group)
				break;
			if (rows_of(s, h) < (double) s->rules->min_data_in_leaf || group < s->rules->min_data_per_group)
				continue;
			group = 0;
			if (try_sums(&chooser, g, h))
				split->set = set;
		}
	}
	split->gain = 0;
	try_sums(s, split->gradient, split->hessian);
}

static void
set_values(Search *s)
{
	MlpgSplit  *split = s->split;
	double		g = (double) split->gradient * s->scales->gradient;
	double		h = (double) split->hessian * s->scales->hessian;
	double		right_g = (double) (s->node->gradient - split->gradient) * s->scales->gradient;
	double		right_h = (double) (s->node->hessian - split->hessian) * s->scales->hessian;

	split->left_value = value_of(s, g, h, rows_of(s, split->hessian));
	split->right_value = value_of(s, right_g, right_h, rows_of(s, s->node->hessian - split->hessian));
}

void
mlpg_split_search(const MlpgSplitRules *rules, const MlpgScales *scales, const MlpgSplitFeature *feature,
				  const MlpgSplitNode *node, const MlpgCell *cell, MlpgSplit *split)
{
	double		g = (double) node->gradient * scales->gradient;
	double		h = (double) node->hessian * scales->hessian;
	int			number = split->feature;
	Search		s = {
		.rules = rules, .scales = scales, .feature = feature, .node = node, .l2 = rules->lambda_l2, .split = split,
		.rows_by_hessian = node->hessian > 0 ? (double) node->n / (double) node->hessian : 0
	};

	memset(split, 0, sizeof(*split));
	split->feature = number;
	split->is_category = feature->is_category;
	s.plain = rules->lambda_l1 == 0 && rules->max_delta_step == 0 && rules->path_smooth == 0 &&
		feature->monotone == 0 && node->lower == -INFINITY && node->upper == INFINITY;
	s.bar = rules->min_gain_to_split +
		(s.plain ? g * g / (h + s.l2 + TINY) : gain_at(&s, g, h, value_of(&s, g, h, (double) node->n)));
	if (!feature->is_category)
		search_number(&s, cell);
	else if (feature->n_bins <= rules->max_cat_to_onehot)
		search_one_against_all(&s, cell);
	else
		search_sets(&s, cell);
	if (split->gain > 0)
		set_values(&s);
}
