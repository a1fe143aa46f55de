/*-------------------------------------------------------------------------
 *
 * hash.c
 *	  Hashing texts into buckets: what models are made of for good.
 *
 * A category hashed into buckets needs no dictionary of its texts: the model
 * stays small, and a text that training did not see has a bucket all the same.
 * Two texts share a bucket with probability 1/buckets.
 *
 * Buckets have labels, their numbers in as many digits as the largest one has,
 * which stand in for the texts wherever a dictionary is.
 *
 *-------------------------------------------------------------------------
 */
#include "core/matrix/hash.h"

static inline uint32_t
rotate(uint32_t x, int by)
{
	return x << by | x >> (32 - by);
}

static inline uint32_t
scramble(uint32_t k)
{
	return rotate(k * UINT32_C(0xCC9E2D51), 15) * UINT32_C(0x1B873593);
}

uint32_t
mlpg_hash_bytes(const char *bytes, size_t length)
{
	uint32_t	h = 0,
				k = 0;
	size_t		whole = length / 4 * 4;

	for (size_t i = 0; i < whole; i += 4)
	{
		memcpy(&k, bytes + i, 4);
		h = rotate(h ^ scramble(k), 13) * 5 + UINT32_C(0xE6546B64);
	}
	k = 0;
	for (size_t i = length; i > whole; i--)
		k = k << 8 | (unsigned char) bytes[i - 1];
	h ^= scramble(k);
	h ^= (uint32_t) length;
	h = (h ^ h >> 16) * UINT32_C(0x85EBCA6B);
	h = (h ^ h >> 13) * UINT32_C(0xC2B2AE35);
	return h ^ h >> 16;
}

static int32_t
digits_of(uint32_t buckets)
{
	int32_t		digits = 1;

	for (uint32_t rest = (buckets - 1) / 10; rest > 0; rest /= 10)
		digits++;
	return digits;
}

int32_t
mlpg_bucket_label(const char *text, int32_t length, uint32_t buckets, char *label)
{
	uint32_t	bucket = mlpg_hash_bucket(mlpg_hash_bytes(text, (size_t) length), buckets);
	int32_t		digits = digits_of(buckets);

	for (int32_t i = digits; i > 0; i--, bucket /= 10)
		label[i - 1] = (char) ('0' + bucket % 10);
	label[digits] = '\0';
	return digits;
}

bool
mlpg_is_bucket_label(const char *label, int32_t length, uint32_t buckets)
{
	uint32_t	number = 0;

	if (length != digits_of(buckets))
		return false;
	for (int32_t i = 0; i < length; i++)
	{
		if (label[i] < '0' || label[i] > '9')
			return false;
		number = number * 10 + (uint32_t) (label[i] - '0');
	}
	return number < buckets;
}
