/*-------------------------------------------------------------------------
 *
 * moments.c
 *	  Cross-products of a linear design in one pass over the rows.
 *
 * The dense part of the state is the triangle of the numbers, the target and
 * the constant 1, in double-double (math/crossprod.c).  Indicators (a level of a
 * category, or "this value is missing") are 1 for few of the rows that could have
 * them, so they are kept sparsely: each has the sums of the dense columns over
 * its rows, and the weight of the rows it shares with each other indicator.  A
 * missing number counts as 0 in the dense part; imputing the mean is then a
 * change of basis, x + mean * [x is missing], done on the finished matrix: no
 * second pass.
 *
 * N-grams of texts are indicators with values: what is summed is multiplied by them.
 *
 * Weights: dense columns are multiplied by the root of the weight, one rounding
 * each; so are indicators.
 *
 * Cost: d dense columns take 2d(d+1) fused operations a row, about 60 ns at
 * d = 30; each indicator that holds takes d additions, and one for each other that
 * holds: a text of 200 n-grams 20,000.  Memory: 16 bytes *
 * (d^2/2 + indicators * d + indicators^2/2).  A block is summarised by any thread
 * without allocating; summaries are absorbed in order, so sums do not depend on
 * the number of threads.  States add up; as bytes they are not trusted.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/affine/moments.h"
#include "core/math/columns.h"

#define CHECK_WORK 1000000		/* sums of valued indicators between calls of mlpg_check */

/* ---------- summary of a block ---------- */

static MlpgMomentShape
shape_of(const MlpgPlan *plan)
{
	MlpgMomentShape		s = {.n_features = plan->n_features};

	for (int i = 0; i < plan->n_features; i++)
		s.n_numbers += plan->kind[i] < MLPG_CATEGORY;
	s.d = s.n_numbers + 2;
	s.stride = mlpg_crossprod_stride(s.d);
	s.contiguous = s.n_numbers == s.n_features;
	return s;
}

/* One summary, laid out behind one another in the memory the caller gives. */
typedef struct Partial
{
	double	   *hi;				/* d x stride */
	double	   *lo;
	double	   *minimum;		/* stride: of the raw values present */
	double	   *maximum;
	double	   *largest;		/* stride: of |z| before scaling */
	double	   *z;				/* rows x stride */
	int		   *exponent;		/* stride */
	uint32_t   *n_missing;		/* 1: entries of missing */
	uint32_t   *missing;		/* row * stride + dense column */
} Partial;

static Partial
partial_at(void *memory, const MlpgMomentShape *s, int capacity)
{
	Partial		p;
	size_t		square = (size_t) s->d * (size_t) s->stride;
	double	   *at = memory;

	p.hi = at;
	p.lo = p.hi + square;
	p.minimum = p.lo + square;
	p.maximum = p.minimum + s->stride;
	p.largest = p.maximum + s->stride;
	p.z = p.largest + s->stride;
	p.exponent = (int *) (p.z + (size_t) capacity * (size_t) s->stride);
	p.n_missing = (uint32_t *) (p.exponent + s->stride);
	p.missing = p.n_missing + 2;
	return p;
}

size_t
mlpg_moments_partial_size(const MlpgPlan *plan, int capacity)
{
	MlpgMomentShape		s = shape_of(plan);
	size_t		square = (size_t) s.d * (size_t) s.stride;
	size_t		rows = (size_t) capacity * (size_t) s.stride;

	return (2 * square + 3 * (size_t) s.stride + rows) * sizeof(double) + ((size_t) s.stride + 2 + rows) * sizeof(int);
}

/* Numbers and target of a row that has categories or texts too. */
static const double *
gather(const MlpgPlan *plan, const MlpgMomentShape *s, const double *row, double *z)
{
	int			k = 0;

	for (int i = 0; i < s->n_features; i++)
		if (plan->kind[i] < MLPG_CATEGORY)
			z[k++] = row[i];
	z[k] = row[s->n_features];
	return z;
}

/* Dense columns of a row; minimum and maximum of what is present; missing values are listed and become 0. */
static void
take_row(const MlpgPlan *plan, const MlpgMomentShape *s, Partial *p, MlpgColumnsTake take, const double *row, int r, double *z)
{
	if (!s->contiguous)
		row = gather(plan, s, row, z);
	*p->n_missing += (uint32_t) take(row, s->n_numbers + 1, z, p->minimum, p->maximum, (uint32_t) (r * s->stride), p->missing + *p->n_missing);
	z[s->d - 1] = 1;
	for (int k = s->d; k < s->stride; k++)
		z[k] = 0;
}

static void
weight_row(const MlpgMomentShape *s, Partial *p, double weight, double *z)
{
	double		root = sqrt(weight);

	for (int k = 0; k < s->d; k++)
	{
		z[k] *= root;
		p->largest[k] = fabs(z[k]) > p->largest[k] ? fabs(z[k]) : p->largest[k];
	}
}

/* Divides each column by the power of two above its largest value. */
static void
scale_columns(const MlpgMomentShape *s, Partial *p, int n_rows)
{
	double		half[2][64];

	for (int from = 0; from < s->stride; from += 64)
	{
		int			n = s->stride - from < 64 ? s->stride - from : 64;

		for (int k = 0; k < n; k++)
		{
			int			e = MLPG_EXPONENT_NONE;

			half[0][k] = half[1][k] = 1;
			if (p->largest[from + k] > 0)
			{
				frexp(p->largest[from + k], &e);
				/* in two steps: 2^-e itself may be out of range */
				half[0][k] = ldexp(1, -(e / 2));
				half[1][k] = ldexp(1, -(e - e / 2));
			}
			p->exponent[from + k] = e;
		}
		mlpg_columns()->scale(p->z + from, n_rows, s->stride, n, half[0], half[1]);
	}
}

void
mlpg_moments_summarise(const MlpgPlan *plan, const MlpgBlock *block, void *memory)
{
	MlpgMomentShape		s = shape_of(plan);
	Partial		p = partial_at(memory, &s, block->capacity);
	MlpgColumnsTake take = mlpg_columns()->take;

	*p.n_missing = 0;
	for (int k = 0; k < s.stride; k++)
	{
		p.minimum[k] = INFINITY;
		p.maximum[k] = -INFINITY;
		p.largest[k] = 0;
	}
	if (block->n_rows > 0)
		p.minimum[s.d - 1] = p.maximum[s.d - 1] = 1;
	for (int r = 0; r < block->n_rows; r++)
	{
		const double *row = mlpg_block_row(block, r);
		double	   *z = p.z + (size_t) r * (size_t) s.stride;

		take_row(plan, &s, &p, take, row, r, z);
		if (plan->weighted)
			weight_row(&s, &p, row[s.n_features + 1], z);
	}
	if (!plan->weighted)
		for (int k = 0; k < s.stride; k++)
			if (p.maximum[k] >= p.minimum[k])
				p.largest[k] = fmax(fabs(p.minimum[k]), fabs(p.maximum[k]));
	scale_columns(&s, &p, block->n_rows);
	mlpg_crossprod_block(p.z, block->n_rows, s.d, s.stride, p.hi, p.lo);
}

/* ---------- state ---------- */

void *
mlpg_moments_begin(MlpgHost *host, const MlpgPlan *plan)
{
	MlpgMoments *state = mlpg_allocate(host, 1, sizeof(MlpgMoments));
	size_t		n = (size_t) plan->n_features + 1;

	state->shape = shape_of(plan);
	mlpg_crossprod_init(host, &state->total, state->shape.d);
	state->minimum = mlpg_allocate(host, (size_t) state->shape.d, sizeof(double));
	state->maximum = mlpg_allocate(host, (size_t) state->shape.d, sizeof(double));
	for (int k = 0; k < state->shape.d; k++)
	{
		state->minimum[k] = INFINITY;
		state->maximum[k] = -INFINITY;
	}
	state->missing_id = mlpg_allocate(host, n, sizeof(int32_t));
	state->level_id = mlpg_allocate(host, n, sizeof(int32_t *));
	state->n_levels = mlpg_allocate(host, n, sizeof(int32_t));
	state->n_room = (int) n;
	state->active = mlpg_allocate(host, n, sizeof(int32_t));
	state->value = mlpg_allocate(host, n, sizeof(double));
	for (int i = 0; i < plan->n_features; i++)
	{
		state->missing_id[i] = -1;
		state->texts |= plan->kind[i] == MLPG_TEXT;
	}
	return state;
}

static void
grow_indicators(MlpgHost *host, MlpgMoments *state, size_t new)
{
	MlpgIndicators *in = &state->indicators;
	size_t		d = (size_t) state->shape.d;
	size_t		old = (size_t) in->capacity;

	if (old > 1 << 24)
		mlpg_raise(host, MLPG_LIMIT_EXCEEDED, NULL, "Leave the column out, or group its values.",
				   "too many distinct categories for learner \"linear\"");
	in->feature = mlpg_resize(host, in->feature, old, new, sizeof(uint32_t));
	in->level = mlpg_resize(host, in->level, old, new, sizeof(int32_t));
	in->hi = mlpg_resize(host, in->hi, old * d, mlpg_size_multiply(host, new, d), sizeof(double));
	in->lo = mlpg_resize(host, in->lo, old * d, mlpg_size_multiply(host, new, d), sizeof(double));
	in->pair_hi = mlpg_resize(host, in->pair_hi, old * (old + 1) / 2, mlpg_size_multiply(host, new, new + 1) / 2, sizeof(double));
	in->pair_lo = mlpg_resize(host, in->pair_lo, old * (old + 1) / 2, mlpg_size_multiply(host, new, new + 1) / 2, sizeof(double));
	in->capacity = (int) new;
}

/* The indicator of a level, or n-gram (-1: missing), of a feature, made at first sight. */
static int32_t
indicator_of(MlpgHost *host, MlpgMoments *state, int feature, int32_t level)
{
	MlpgIndicators *in = &state->indicators;
	int32_t    *id = &state->missing_id[feature];

	if (level >= 0)
	{
		if (level >= state->n_levels[feature])
		{
			int32_t		n = level < 4 ? 8 : level * 2;

			state->level_id[feature] = mlpg_resize(host, state->level_id[feature], (size_t) state->n_levels[feature], (size_t) n, sizeof(int32_t));
			for (int32_t k = state->n_levels[feature]; k < n; k++)
				state->level_id[feature][k] = -1;
			state->n_levels[feature] = n;
		}
		id = &state->level_id[feature][level];
	}
	if (*id < 0)
	{
		if (in->n == in->capacity)
			grow_indicators(host, state, in->capacity == 0 ? 8 : (size_t) in->capacity * 2);
		in->feature[in->n] = (uint32_t) feature;
		in->level[in->n] = level;
		*id = in->n++;
	}
	return *id;
}

void
mlpg_moments_expect(MlpgHost *host, const MlpgSchema *schema, MlpgMoments *state)
{
	size_t		n = 0;

	for (int i = 0; i < schema->n_features; i++)
		n += (size_t) mlpg_feature_levels(&schema->feature[i]) + schema->feature[i].has_missing;
	if (n > 0)
		grow_indicators(host, state, n);
	for (int i = 0; i < schema->n_features; i++)
	{
		for (int32_t k = 0; k < mlpg_feature_levels(&schema->feature[i]); k++)
			(void) indicator_of(host, state, i, k);
		if (schema->feature[i].has_missing)
			(void) indicator_of(host, state, i, -1);
	}
}

static inline size_t
pair_index(int32_t a, int32_t b)
{
	return a >= b ? (size_t) a * ((size_t) a + 1) / 2 + (size_t) b : (size_t) b * ((size_t) b + 1) / 2 + (size_t) a;
}

static inline void
add_to(double *hi, double *lo, double x)
{
	MlpgDd		s = mlpg_two_sum(*hi, x);

	*hi = s.hi;
	*lo += s.lo;
}

/* The same for the product of two numbers. */
static inline void
add_product_to(double *hi, double *lo, double x, double y)
{
	MlpgDd		p = mlpg_two_product(x, y);

	add_to(hi, lo, p.hi);
	*lo += p.lo;
}

/*
 * With weights a row is sqrt(w) times itself, rounded, as in the dense part:
 * were the weight taken here without that rounding, an indicator and a number
 * that equal each other would not have the same products, and their
 * dependence would go unseen.
 */
static void
absorb_values(MlpgHost *host, MlpgMoments *state, int n_active, double *dense, double weight)
{
	MlpgIndicators *in = &state->indicators;
	int			d = state->shape.d;
	double		root = sqrt(weight),
			   *value = state->value;

	for (int k = 0; k < d; k++)
		dense[k] *= root;
	for (int a = 0; a < n_active; a++)
	{
		int32_t		id = state->active[a];
		double	   *hi = in->hi + (size_t) id * (size_t) d,
				   *lo = in->lo + (size_t) id * (size_t) d;

		value[a] *= root;
		for (int k = 0; k < d; k++)
			add_product_to(&hi[k], &lo[k], dense[k], value[a]);
		for (int b = 0; b <= a; b++)
		{
			size_t		at = pair_index(id, state->active[b]);

			add_product_to(&in->pair_hi[at], &in->pair_lo[at], value[a], value[b]);
		}
		state->work += d + a;
		if (state->work > CHECK_WORK)
		{
			mlpg_check(host, NULL, 0, 0);
			state->work = 0;
		}
	}
}

/* The row's dense values, unscaled, go to every indicator that holds. */
static void
absorb_indicators(MlpgMoments *state, int n_active, const double *dense)
{
	MlpgIndicators *in = &state->indicators;
	int			d = state->shape.d;
	MlpgColumnsAdd add = mlpg_columns()->add;

	for (int a = 0; a < n_active; a++)
	{
		int32_t		id = state->active[a];
		double	   *hi = in->hi + (size_t) id * (size_t) d,
				   *lo = in->lo + (size_t) id * (size_t) d;

		add(dense, d, hi, lo);
		for (int b = 0; b <= a; b++)
		{
			size_t		at = pair_index(id, state->active[b]);

			add_to(&in->pair_hi[at], &in->pair_lo[at], 1);
		}
	}
}

static inline void
add_active(MlpgMoments *state, int *n, int32_t id, double value)
{
	state->active[*n] = id;
	state->value[(*n)++] = value;
}

/* The n-grams of a text, behind the n indicators that are there. */
static void
find_grams(MlpgHost *host, MlpgMoments *state, int feature, const MlpgTextGrams *grams, int *n)
{
	int			needed = *n + grams->n + state->shape.n_features + 1;

	if (needed > state->n_room)
	{
		state->active = mlpg_resize(host, state->active, (size_t) state->n_room, 2 * (size_t) needed, sizeof(int32_t));
		state->value = mlpg_resize(host, state->value, (size_t) state->n_room, 2 * (size_t) needed, sizeof(double));
		state->n_room = 2 * needed;
	}
	for (int32_t g = 0; g < grams->n; g++)
		add_active(state, n, indicator_of(host, state, feature, (int32_t) grams->gram[g].position), grams->gram[g].weight);
}

/* Which indicators hold in a row: missing values, categories by their codes, n-grams. */
static int
find_active(MlpgHost *host, const MlpgPlan *plan, MlpgMoments *state, const double *row, double *dense)
{
	int			n = 0,
				k = 0;

	for (int i = 0; i < plan->n_features; i++)
	{
		double		x = row[i];

		if (plan->kind[i] == MLPG_CATEGORY)
			add_active(state, &n, indicator_of(host, state, i, x == x ? (int32_t) x : -1), 1);
		else if (x != x)
			add_active(state, &n, indicator_of(host, state, i, -1), 1);
		else if (plan->kind[i] == MLPG_TEXT)
			find_grams(host, state, i, mlpg_value_text(x), &n);
		if (plan->kind[i] < MLPG_CATEGORY)
			dense[k++] = x == x ? x : 0;
	}
	dense[k++] = row[plan->n_features];
	dense[k] = 1;
	return n;
}

static void
absorb_active(MlpgHost *host, const MlpgPlan *plan, MlpgMoments *state, int n, const double *row, double *dense)
{
	if (plan->weighted || state->texts)
		absorb_values(host, state, n, dense, plan->weighted ? row[plan->n_features + 1] : 1);
	else
		absorb_indicators(state, n, dense);
}

/* The rows where something is missing, when all features are numbers: from the list. */
static void
absorb_missing(MlpgHost *host, const MlpgPlan *plan, MlpgMoments *state, const MlpgBlock *block, const Partial *p, double *dense)
{
	uint32_t	stride = (uint32_t) state->shape.stride;
	int			n_numbers = state->shape.n_numbers;

	for (uint32_t m = 0; m < *p->n_missing;)
	{
		uint32_t	r = p->missing[m] / stride;
		const double *row = mlpg_block_row(block, (int) r);
		int			n = 0;

		for (; m < *p->n_missing && p->missing[m] < (r + 1) * stride; m++)
			add_active(state, &n, indicator_of(host, state, (int) (p->missing[m] - r * stride), -1), 1);
		for (int k = 0; k < n_numbers; k++)
			dense[k] = row[k] == row[k] ? row[k] : 0;
		dense[n_numbers] = row[n_numbers];
		dense[n_numbers + 1] = 1;
		absorb_active(host, plan, state, n, row, dense);
	}
}

void
mlpg_moments_absorb(MlpgHost *host, const MlpgPlan *plan, void *opaque, const MlpgBlock *block, const void *memory)
{
	MlpgMoments *state = opaque;
	const MlpgMomentShape *s = &state->shape;
	Partial		p = partial_at((void *) (uintptr_t) memory, s, block->capacity);
	double	   *dense = mlpg_allocate(host, (size_t) s->d, sizeof(double));

	mlpg_crossprod_add_block(&state->total, p.exponent, s->stride, p.hi, p.lo);
	for (int k = 0; k < s->d; k++)
	{
		state->minimum[k] = fmin(state->minimum[k], p.minimum[k]);
		state->maximum[k] = fmax(state->maximum[k], p.maximum[k]);
	}
	state->n_rows += block->n_rows;
	state->n_positive += block->n_rows;
	if (plan->weighted)
		for (int r = 0; r < block->n_rows; r++)
			state->n_positive -= mlpg_block_row(block, r)[plan->n_features + 1] == 0;
	if (!s->contiguous)
		for (int r = 0; r < block->n_rows; r++)
		{
			const double *row = mlpg_block_row(block, r);

			absorb_active(host, plan, state, find_active(host, plan, state, row, dense), row, dense);
		}
	else
		absorb_missing(host, plan, state, block, &p, dense);
	mlpg_release(host, dense);
}

void
mlpg_moments_combine(MlpgHost *host, const MlpgPlan *plan, void *opaque, const void *opaque_other, int32_t *const *code)
{
	MlpgMoments *state = opaque;
	const MlpgMoments *other = opaque_other;
	const MlpgIndicators *from = &other->indicators;
	int			d = state->shape.d;
	int32_t    *id = mlpg_allocate(host, (size_t) from->n + 1, sizeof(int32_t));

	mlpg_crossprod_add(&state->total, &other->total);
	for (int k = 0; k < d; k++)
	{
		state->minimum[k] = fmin(state->minimum[k], other->minimum[k]);
		state->maximum[k] = fmax(state->maximum[k], other->maximum[k]);
	}
	state->n_rows += other->n_rows;
	state->n_positive += other->n_positive;
	for (int a = 0; a < from->n; a++)
	{
		int			feature = (int) from->feature[a];

		id[a] = indicator_of(host, state, feature, from->level[a] < 0 ? -1 : code[feature][from->level[a]]);

		MlpgIndicators *to = &state->indicators;
		size_t		at = (size_t) id[a] * (size_t) d;

		for (int k = 0; k < d; k++)
		{
			add_to(&to->hi[at + (size_t) k], &to->lo[at + (size_t) k], from->hi[(size_t) a * (size_t) d + (size_t) k]);
			to->lo[at + (size_t) k] += from->lo[(size_t) a * (size_t) d + (size_t) k];
		}
		for (int b = 0; b <= a; b++)
		{
			size_t		source = pair_index(a, b),
						target = pair_index(id[a], id[b]);

			add_to(&to->pair_hi[target], &to->pair_lo[target], from->pair_hi[source]);
			to->pair_lo[target] += from->pair_lo[source];
		}
	}
	mlpg_release(host, id);
}

void
mlpg_moments_write(const MlpgPlan *plan, const void *opaque, MlpgWriter *w)
{
	const MlpgMoments *state = opaque;
	const MlpgIndicators *in = &state->indicators;
	size_t		d = (size_t) state->shape.d,
				n = (size_t) in->n,
				t = mlpg_triangle_size(state->shape.d);

	mlpg_write_u64(w, (uint64_t) state->n_rows);
	mlpg_write_u64(w, (uint64_t) state->n_positive);
	mlpg_write_u32(w, (uint32_t) n);
	for (size_t k = 0; k < d; k++)
		mlpg_write_u32(w, (uint32_t) state->total.exponent[k]);
	mlpg_write_doubles(w, state->total.hi, t);
	mlpg_write_doubles(w, state->total.lo, t);
	mlpg_write_doubles(w, state->minimum, d);
	mlpg_write_doubles(w, state->maximum, d);
	for (size_t a = 0; a < n; a++)
	{
		mlpg_write_u32(w, in->feature[a]);
		mlpg_write_u32(w, (uint32_t) in->level[a]);
	}
	mlpg_write_doubles(w, in->hi, n * d);
	mlpg_write_doubles(w, in->lo, n * d);
	mlpg_write_doubles(w, in->pair_hi, n * (n + 1) / 2);
	mlpg_write_doubles(w, in->pair_lo, n * (n + 1) / 2);
}

static void
read_finite(MlpgReader *r, double *to, size_t n)
{
	double	   *from = mlpg_read_doubles(r, n);

	for (size_t i = 0; i < n; i++)
	{
		if (!isfinite(from[i]))
			mlpg_reader_corrupt(r, "a sum is not finite");
		to[i] = from[i];
	}
	mlpg_release(r->host, from);
}

static void
read_range(MlpgReader *r, double *to, size_t n)
{
	double	   *from = mlpg_read_doubles(r, n);

	for (size_t i = 0; i < n; i++)
		to[i] = isnan(from[i]) ? 0 : from[i];
	mlpg_release(r->host, from);
}

static void
read_indicators(const MlpgPlan *plan, const int32_t *n_codes, MlpgMoments *state, MlpgReader *r, uint32_t n)
{
	size_t		d = (size_t) state->shape.d;

	for (uint32_t a = 0; a < n; a++)
	{
		uint32_t	feature = mlpg_read_u32(r);
		int32_t		level = (int32_t) mlpg_read_u32(r);

		if (feature >= (uint32_t) plan->n_features || level < -1 || level >= n_codes[feature] ||
			indicator_of(r->host, state, (int) feature, level) != (int32_t) a)
			mlpg_reader_corrupt(r, "an indicator of no feature, or one twice");
	}
	read_finite(r, state->indicators.hi, n * d);
	read_finite(r, state->indicators.lo, n * d);
	read_finite(r, state->indicators.pair_hi, (size_t) n * (n + 1) / 2);
	read_finite(r, state->indicators.pair_lo, (size_t) n * (n + 1) / 2);
}

void *
mlpg_moments_read(const MlpgPlan *plan, const int32_t *n_codes, MlpgReader *r)
{
	size_t		d = (size_t) shape_of(plan).d,
				t = mlpg_triangle_size((int) d);
	uint64_t	n_rows = mlpg_read_u64(r),
				n_positive = mlpg_read_u64(r);
	uint32_t	n = mlpg_read_count(r, 8 + 2 * d * sizeof(double));
	MlpgMoments *state;

	if (n_rows > (uint64_t) INT64_MAX / 2 || n_positive > n_rows)
		mlpg_reader_corrupt(r, "counts out of range");
	/* before anything of that size is allocated */
	if (t > (size_t) (r->end - r->at) / (2 * sizeof(double)))
		mlpg_reader_corrupt(r, "more bytes expected than there are");
	state = mlpg_moments_begin(r->host, plan);
	state->n_rows = (int64_t) n_rows;
	state->n_positive = (int64_t) n_positive;
	for (size_t k = 0; k < d; k++)
	{
		int			e = (int) mlpg_read_u32(r);

		if (e != MLPG_EXPONENT_NONE && (e < -1100 || e > 1100))
			mlpg_reader_corrupt(r, "an exponent is out of range");
		state->total.exponent[k] = e;
	}
	read_finite(r, state->total.hi, t);
	read_finite(r, state->total.lo, t);
	read_range(r, state->minimum, d);
	read_range(r, state->maximum, d);
	read_indicators(plan, n_codes, state, r, n);
	return state;
}

/* ---------- what the state knows ---------- */

/* The basis the state holds: dense columns 0 .. d-1 (scaled), then indicators. */
static MlpgDd
base_product(const MlpgMoments *state, int i, int j)
{
	int			d = state->shape.d;
	const MlpgIndicators *in = &state->indicators;

	if (i > j)
	{
		int			swap = i;

		i = j;
		j = swap;
	}
	if (j < d)
	{
		size_t		at = mlpg_triangle_index(d, i, j);

		return (MlpgDd) {state->total.hi[at], state->total.lo[at]};
	}
	if (i < d)
	{
		size_t		at = (size_t) (j - d) * (size_t) d + (size_t) i;

		if (in->hi[at] == 0 && in->lo[at] == 0)
			return mlpg_dd(0);
		return mlpg_dd_scale(mlpg_two_sum(in->hi[at], in->lo[at]), -state->total.exponent[i]);
	}

	size_t		at = pair_index(i - d, j - d);

	return mlpg_two_sum(in->pair_hi[at], in->pair_lo[at]);
}

MlpgDd
mlpg_moments_product(const MlpgMoments *state, const MlpgMomentColumn *a, const MlpgMomentColumn *b)
{
	MlpgDd		sum = mlpg_dd(0);

	if (a->base >= 0 && b->base >= 0)
		sum = base_product(state, a->base, b->base);
	if (a->other >= 0 && b->base >= 0)
		sum = mlpg_dd_add(sum, mlpg_dd_multiply_double(base_product(state, a->other, b->base), a->share));
	if (b->other >= 0 && a->base >= 0)
		sum = mlpg_dd_add(sum, mlpg_dd_multiply_double(base_product(state, a->base, b->other), b->share));
	if (a->other >= 0 && b->other >= 0)
		sum = mlpg_dd_add(sum, mlpg_dd_multiply_double(mlpg_dd_multiply_double(base_product(state, a->other, b->other), a->share), b->share));
	return sum;
}

void
mlpg_moments_describe(MlpgTraining *training, const MlpgMoments *state)
{
	MlpgSchema *schema = training->schema;
	int			one = state->shape.d - 1;
	int			k = 0;

	for (int i = 0; i < schema->n_features; i++)
	{
		MlpgFeature *feature = &schema->feature[i];
		int32_t		missing = state->missing_id[i];

		if (feature->kind == MLPG_TEXT)
			continue;
		feature->has_missing = missing >= 0;
		if (feature->kind == MLPG_CATEGORY)
		{
			feature->constant = feature->dictionary->n + (missing >= 0) <= 1;
			continue;
		}

		MlpgDd		present = mlpg_crossprod_get(&state->total, one, one);

		if (missing >= 0)
			present = mlpg_dd_subtract(present, base_product(state, state->shape.d + missing, state->shape.d + missing));

		bool		seen = state->maximum[k] >= state->minimum[k];

		feature->minimum = seen ? state->minimum[k] : 0;
		feature->maximum = seen ? state->maximum[k] : 0;
		feature->constant = !seen || (missing < 0 && feature->minimum == feature->maximum);
		/* scaled back last: the sum may be out of range where the mean is not */
		if (seen && present.hi > 0 && state->total.exponent[k] != MLPG_EXPONENT_NONE)
			feature->mean = ldexp(mlpg_dd_value(mlpg_dd_divide(base_product(state, k, one), present)),
								  state->total.exponent[k] + state->total.exponent[one]);
		k++;
	}
}

MlpgMomentColumn *
mlpg_moments_columns(MlpgTraining *training, const MlpgMoments *state, const MlpgDesign *design)
{
	MlpgHost   *host = training->host;
	int			n = training->schema->n_features;
	int			d = state->shape.d;
	MlpgMomentColumn	   *column = mlpg_allocate(host, (size_t) design->n_terms + 1, sizeof(MlpgMomentColumn));
	int		   *dense = mlpg_allocate(host, (size_t) n + 1, sizeof(int));
	int32_t   **id = mlpg_allocate(host, (size_t) n + 1, sizeof(int32_t *));

	for (int i = 0, k = 0; i < n; i++)
	{
		if (training->plan->kind[i] < MLPG_CATEGORY)
		{
			dense[i] = k++;
			continue;
		}
		/* indicator of a level in byte order, of an n-gram by its position */
		const int32_t *rank = training->rank[i];
		int32_t		levels = mlpg_feature_levels(&training->schema->feature[i]);

		id[i] = mlpg_allocate(host, (size_t) levels + 1, sizeof(int32_t));
		for (int32_t c = 0; c < levels; c++)
			id[i][rank ? rank[c] : c] = c < state->n_levels[i] ? state->level_id[i][c] : -1;
	}
	for (int j = 0; j < design->n_terms; j++)
	{
		const MlpgTerm *term = &design->term[j];
		int			f = (int) term->feature;
		MlpgMomentColumn		c = {-1, -1, 0, 0};

		if (term->kind == MLPG_TERM_INTERCEPT)
			c.base = d - 1;
		else if (term->kind == MLPG_TERM_NUMBER)
		{
			c.base = dense[f];
			if (state->missing_id[f] >= 0)
			{
				c.other = d + state->missing_id[f];
				c.share = ldexp(training->schema->feature[f].mean, -state->total.exponent[dense[f]]);
			}
		}
		else if (term->kind == MLPG_TERM_MISSING)
			c.base = d + state->missing_id[f];
		else
			c.base = id[f][term->level] < 0 ? -1 : d + id[f][term->level];
		if (c.base >= 0 && c.base < d)
			c.exponent = state->total.exponent[c.base] == MLPG_EXPONENT_NONE ? 0 : state->total.exponent[c.base];
		column[j] = c;
	}
	column[design->n_terms] = (MlpgMomentColumn) {d - 2, -1, 0, state->total.exponent[d - 2] == MLPG_EXPONENT_NONE ? 0 : state->total.exponent[d - 2]};
	return column;
}

/* Variance (1/W) of a column, in its own scale. */
double
mlpg_moments_variance(const MlpgMoments *state, const MlpgMomentColumn *column, MlpgDd square)
{
	MlpgMomentColumn		one = {state->shape.d - 1, -1, 0, 0};
	MlpgDd		weight = base_product(state, one.base, one.base);
	MlpgDd		sum = mlpg_moments_product(state, column, &one);
	MlpgDd		centred = mlpg_dd_subtract(square, mlpg_dd_divide(mlpg_dd_multiply(sum, sum), weight));

	/* the constant 1 is held scaled too: weight is W / 4^exponent; a column as good as constant may round to below 0 */
	return fmax(0, mlpg_dd_value(mlpg_dd_divide(centred, mlpg_dd_scale(weight, 2 * state->total.exponent[one.base]))));
}
