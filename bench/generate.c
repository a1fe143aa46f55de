/*-------------------------------------------------------------------------
 *
 * generate.c
 *	  The benches' tables, as PostgreSQL's binary COPY on standard output.
 *
 *	  generate wide ROWS NULL_SHARE [id]	(id int4,) c1..c28 float8, y float8
 *	  generate groups GROUPS ROWS			g int4, x1..x3 float8, y float8
 *
 * wide looks like demand: shelf counts, prices, calendar waves, lags that are
 * strongly correlated with one another, noise, and a skewed target.  NULL_SHARE
 * of each feature is missing, at random.  groups has ROWS rows of each group, dealt
 * round robin, so that a GROUP BY meets all groups at once.
 *
 * The same arguments give the same bytes (splitmix64, a fixed seed).  The values do
 * not depend on NULL_SHARE or id: the same table with or without holes.  No column is
 * an exact combination of others.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_FEATURES 28
#define PI 3.14159265358979323846

static uint64_t values_seed = 20260301;
static uint64_t holes_seed = 19680512;

static uint64_t
next(uint64_t *seed)
{
	uint64_t	z = (*seed += UINT64_C(0x9E3779B97F4A7C15));

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

/* In (0, 1). */
static double
uniform(uint64_t *seed)
{
	return ((double) (next(seed) >> 11) + 0.5) * 0x1p-53;
}

static double
normal(void)
{
	double		r = sqrt(-2 * log(uniform(&values_seed)));

	return r * cos(2 * PI * uniform(&values_seed));
}

static double
exponential(void)
{
	return -log(uniform(&values_seed));
}

static int
below(int n)
{
	return (int) (uniform(&values_seed) * n);
}

/* ---------- COPY ---------- */

static unsigned char row[512];
static int	length;

static void
put(uint64_t value, int bytes)
{
	for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
		row[length++] = (unsigned char) (value >> shift);
}

static void
put_int4(int value)
{
	put(4, 4);
	put((uint32_t) value, 4);
}

static void
put_float8(double value)
{
	uint64_t	bits;

	memcpy(&bits, &value, sizeof(bits));
	put(8, 4);
	put(bits, 8);
}

static void
put_null(void)
{
	put(UINT32_MAX, 4);
}

static void
begin_row(int n_columns)
{
	length = 0;
	put((uint64_t) n_columns, 2);
}

static void
end_row(void)
{
	if (fwrite(row, 1, (size_t) length, stdout) != (size_t) length)
		exit(1);
}

/* ---------- tables ---------- */

/* Fills x and returns the target. */
static double
wide_row(double *x)
{
	double		season = 2 * PI * uniform(&values_seed);
	double		level = 1.5 + 0.6 * normal();
	double		price = exp(0.2 * normal());
	double		temperature = 12 - 11 * cos(season) + 4 * normal();
	double		effect;

	x[0] = below(50);
	x[1] = below(1000);
	x[2] = uniform(&values_seed) < 0.6 ? 0 : 1 + below(9);
	x[3] = below(7);
	x[4] = sin(season);
	x[5] = cos(season);
	x[6] = price;
	x[7] = price * exp(0.1 * normal());
	x[8] = temperature;
	x[9] = uniform(&values_seed) < 0.6 ? 0 : 5 * exponential();
	x[10] = uniform(&values_seed) < 0.04;
	x[11] = floor(30 * exponential());
	for (int k = 12; k < 16; k++)
		x[k] = exp(level + 0.3 * normal());
	x[16] = (x[12] + x[13] + x[14]) / 3 * exp(0.05 * normal());
	x[17] = fabs(x[12] - x[13]);
	x[18] = 1000 * uniform(&values_seed);
	x[19] = x[18] * 0.1 + 20 * exponential();
	for (int k = 20; k < N_FEATURES; k++)
		x[k] = normal();
	effect = level - 1.2 * log(price) + 0.4 * sin(season) + 0.02 * temperature + 0.1 * x[2] - 0.02 * x[9]
		+ 0.3 * x[10] + 0.05 * x[20] * x[21] + 0.05 * x[22] + 0.02 * x[3];
	return exp(effect) * (exponential() + exponential() + exponential() + exponential()) / 4;
}

static void
wide(long n_rows, double null_share, int with_id)
{
	double		x[N_FEATURES];

	for (long i = 0; i < n_rows; i++)
	{
		double		y = wide_row(x);

		begin_row(N_FEATURES + 1 + with_id);
		if (with_id)
			put_int4((int) i + 1);
		for (int k = 0; k < N_FEATURES; k++)
			if (uniform(&holes_seed) < null_share)
				put_null();
			else
				put_float8(x[k]);
		put_float8(y);
		end_row();
	}
}

static void
groups(long n_groups, long n_rows)
{
	for (long i = 0; i < n_rows; i++)
		for (long g = 0; g < n_groups; g++)
		{
			double		slope = 1 + (double) (g % 17) / 17;
			double		x[3];

			for (int k = 0; k < 3; k++)
				x[k] = 10 * uniform(&values_seed);
			begin_row(5);
			put_int4((int) g + 1);
			for (int k = 0; k < 3; k++)
				put_float8(x[k]);
			put_float8(3 + slope * x[0] - 0.5 * x[1] + 0.1 * x[2] + exponential());
			end_row();
		}
}

int
main(int argc, char **argv)
{
	static char buffer[1 << 20];
	static const unsigned char header[19] = "PGCOPY\n\377\r\n";	/* flags and extension are zero */

	if (argc < 4)
	{
		fprintf(stderr, "usage: generate wide ROWS NULL_SHARE [id] | groups GROUPS ROWS\n");
		return 2;
	}
	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	fwrite(header, 1, sizeof(header), stdout);
	if (strcmp(argv[1], "wide") == 0)
		wide(atol(argv[2]), atof(argv[3]), argc > 4);
	else
		groups(atol(argv[2]), atol(argv[3]));
	fwrite("\377\377", 1, 2, stdout);
	return fflush(stdout) == 0 ? 0 : 1;
}
