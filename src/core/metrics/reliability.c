/*-------------------------------------------------------------------------
 *
 * reliability.c
 *	  Calibration of probabilities: the reliability diagram, in numbers.
 *
 * [0, 1] is cut into bins of the same width, closed above (the first one on both
 * sides), with the edges k * (1/bins) that scikit-learn's calibration_curve has; each
 * tells its rows, how many of them happened, and the mean of their probabilities
 * (Murphy and Winkler 1977).  Of an honest model the last two agree but for chance.
 *
 * Cost: a few ns a row; memory: 1 kB a bin.  Determinism: counts are integers and
 * the sums of probabilities exact (math/fixed.h), so neither order nor workers show.
 * What is no probability is refused by the callers.
 *
 *-------------------------------------------------------------------------
 */
#include "core/metrics/reliability.h"

void
mlpg_reliability_init(MlpgHost *host, MlpgReliability *r, int64_t n_bins)
{
	if (n_bins < 1 || n_bins > MLPG_RELIABILITY_MAX_BINS)
		mlpg_raise(host, MLPG_INVALID_PARAMETER, mlpg_text(host, "It must be between 1 and %d.", MLPG_RELIABILITY_MAX_BINS), NULL,
				   "parameter \"bins\" cannot be %lld", (long long) n_bins);
	r->n_bins = (int) n_bins;
	r->bin = mlpg_allocate(host, (size_t) n_bins, sizeof(MlpgReliabilityBin));
}

double
mlpg_reliability_edge(const MlpgReliability *r, int k)
{
	return k == r->n_bins ? 1 : k * (1.0 / r->n_bins);
}

void
mlpg_reliability_add(MlpgReliability *r, bool actual, double p)
{
	int			k = (int) (p * r->n_bins);
	MlpgReliabilityBin *bin;

	/* the product may be rounded over an edge */
	k = k < 0 ? 0 : k >= r->n_bins ? r->n_bins - 1 : k;
	while (k > 0 && p <= mlpg_reliability_edge(r, k))
		k--;
	while (k < r->n_bins - 1 && p > mlpg_reliability_edge(r, k + 1))
		k++;
	bin = &r->bin[k];
	bin->n++;
	bin->n_true += actual;
	mlpg_exact_add(&bin->sum, p);
}

double
mlpg_reliability_mean(const MlpgReliabilityBin *bin)
{
	return mlpg_exact_value(&bin->sum) / (double) bin->n;
}

void
mlpg_reliability_merge(MlpgReliability *r, const MlpgReliability *other)
{
	MLPG_ASSERT(r->n_bins == other->n_bins);
	for (int k = 0; k < r->n_bins; k++)
	{
		r->bin[k].n += other->bin[k].n;
		r->bin[k].n_true += other->bin[k].n_true;
		mlpg_exact_merge(&r->bin[k].sum, &other->bin[k].sum);
	}
}

/* ---- bytes: of a bin its counts, and the digits of its sum that are not 0 ---- */

static void
write_sum(const MlpgExact *sum, MlpgWriter *writer)
{
	int			n = 0;

	for (int d = 0; d < MLPG_EXACT_DIGITS; d++)
		n += sum->digit[d] != 0;
	mlpg_write_u8(writer, (uint8_t) n);
	for (int d = 0; d < MLPG_EXACT_DIGITS; d++)
	{
		if (sum->digit[d] == 0)
			continue;
		mlpg_write_u8(writer, (uint8_t) d);
		mlpg_write_u64(writer, (uint64_t) sum->digit[d]);
		mlpg_write_u64(writer, (uint64_t) (sum->digit[d] >> 64));
	}
}

/* Probabilities are neither negative nor above 1: so are the digits' shares of n of them. */
static void
read_sum(MlpgExact *sum, int64_t n, MlpgReader *reader)
{
	int			n_digits = mlpg_read_u8(reader),
				next = 0;

	for (int i = 0; i < n_digits; i++)
	{
		int			d = mlpg_read_u8(reader);
		uint64_t	low = mlpg_read_u64(reader),
					high = mlpg_read_u64(reader);

		if (d < next || d >= MLPG_EXACT_DIGITS || high >> 62 != 0)
			mlpg_reader_corrupt(reader, "a sum of probabilities is out of range");
		sum->digit[d] = (MlpgWide) high << 64 | low;
		next = d + 1;
	}
	if (!(mlpg_exact_value(sum) <= (double) n))
		mlpg_reader_corrupt(reader, "a sum of probabilities is out of range");
}

void
mlpg_reliability_write(const MlpgReliability *r, MlpgWriter *writer)
{
	mlpg_write_u32(writer, (uint32_t) r->n_bins);
	for (int k = 0; k < r->n_bins; k++)
	{
		mlpg_write_u64(writer, (uint64_t) r->bin[k].n);
		mlpg_write_u64(writer, (uint64_t) r->bin[k].n_true);
		write_sum(&r->bin[k].sum, writer);
	}
}

void
mlpg_reliability_read(MlpgReliability *r, MlpgReader *reader)
{
	uint32_t	n_bins = mlpg_read_count(reader, 17);

	if (n_bins < 1 || n_bins > MLPG_RELIABILITY_MAX_BINS)
		mlpg_reader_corrupt(reader, "the number of bins is out of range");
	mlpg_reliability_init(reader->host, r, n_bins);
	for (int k = 0; k < r->n_bins; k++)
	{
		MlpgReliabilityBin *bin = &r->bin[k];
		uint64_t	n = mlpg_read_u64(reader),
					n_true = mlpg_read_u64(reader);

		if (n > UINT64_C(1) << 40 || n_true > n)
			mlpg_reader_corrupt(reader, "a count of a bin is out of range");
		bin->n = (int64_t) n;
		bin->n_true = (int64_t) n_true;
		read_sum(&bin->sum, bin->n, reader);
	}
}
