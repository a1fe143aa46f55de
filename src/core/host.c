/*-------------------------------------------------------------------------
 *
 * host.c
 *	  Checked sizes, texts and errors on top of the four services of host.h.
 *
 * Every size in the core is computed here, so that no multiplication can wrap
 * before an allocation.
 *
 *-------------------------------------------------------------------------
 */
#include "core/host.h"

#include <stdio.h>				/* vsnprintf: texts in memory only */

#define MESSAGE_MAX 1024		/* bytes of a message; longer ones are cut */

size_t
mlpg_size_add(MlpgHost *host, size_t a, size_t b)
{
	size_t		sum;

	if (__builtin_add_overflow(a, b, &sum))
		host->raise(host, MLPG_LIMIT_EXCEEDED, "size of working memory overflows", NULL, NULL);
	return sum;
}

size_t
mlpg_size_multiply(MlpgHost *host, size_t count, size_t size)
{
	size_t		product;

	if (__builtin_mul_overflow(count, size, &product))
		host->raise(host, MLPG_LIMIT_EXCEEDED, "size of working memory overflows", NULL, NULL);
	return product;
}

/* Zero-filled array of count elements. */
void *
mlpg_allocate(MlpgHost *host, size_t count, size_t size)
{
	return host->allocate(host, mlpg_size_multiply(host, count, size));
}

/* Array resized to new_count elements; what is new is zero. */
void *
mlpg_resize(MlpgHost *host, void *pointer, size_t old_count, size_t new_count, size_t size)
{
	if (pointer == NULL)
		return mlpg_allocate(host, new_count, size);
	return host->resize(host, pointer, mlpg_size_multiply(host, old_count, size),
						mlpg_size_multiply(host, new_count, size));
}

void
mlpg_release(MlpgHost *host, void *pointer)
{
	if (pointer != NULL)
		host->release(host, pointer);
}

size_t
mlpg_memory_left(const MlpgHost *host)
{
	if (host->budget != 0)
		return host->budget > host->in_use ? host->budget - host->in_use : 0;
	return host->largest != 0 ? host->largest : SIZE_MAX;
}

char *
mlpg_text_copy(MlpgHost *host, const char *text, size_t length)
{
	char	   *copy = mlpg_allocate(host, mlpg_size_add(host, length, 1), 1);

	memcpy(copy, text, length);
	return copy;
}

/* The whole text, however long: names and categories of users go through here. */
char *
mlpg_text_list(MlpgHost *host, const char *format, va_list arguments)
{
	va_list		again;
	int			length;
	char	   *text;

	va_copy(again, arguments);
	length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	text = mlpg_allocate(host, (size_t) (length < 0 ? 0 : length) + 1, 1);
	if (length > 0)
		vsnprintf(text, (size_t) length + 1, format, arguments);
	return text;
}

char *
mlpg_text(MlpgHost *host, const char *format, ...)
{
	va_list		arguments;
	char	   *text;

	va_start(arguments, format);
	text = mlpg_text_list(host, format, arguments);
	va_end(arguments);
	return text;
}

/* Raise with a formatted message; detail and hint are complete texts or NULL. */
void
mlpg_raise(MlpgHost *host, MlpgErrorCode code, const char *detail, const char *hint, const char *format, ...)
{
	char		buffer[MESSAGE_MAX];
	va_list		arguments;

	va_start(arguments, format);
	if (vsnprintf(buffer, sizeof(buffer), format, arguments) >= MESSAGE_MAX)
	{
		/* cut between characters: not before a continuation byte of UTF-8 */
		size_t		end = MESSAGE_MAX - 1;

		while (end > MESSAGE_MAX - 8 && ((unsigned char) buffer[end - 1] & 0xC0) == 0x80)
			end--;
		if (end > 0 && (unsigned char) buffer[end - 1] >= 0xC0)
			end--;
		buffer[end] = '\0';
	}
	va_end(arguments);
	host->raise(host, code, buffer, detail, hint);
}

void
mlpg_check(MlpgHost *host, const char *phase, int64_t done, int64_t total)
{
	host->check(host, phase, done, total);
}
