-- sales: 3,000 rows of everything: numbers, a date, texts, a boolean, NULLs, an array. Tests include it by
--   \set sales :source '/helpers/sales.sql'
--   \i :sales
CREATE TABLE sales AS
SELECT i, date '2024-01-01' + i % 500 AS day, 'shop ' || i % 7 AS shop, CASE WHEN i % 11 > 0 THEN 'item ' || i * 7919 % 40 END AS item,
	   i % 5 = 0 AS promo, CASE WHEN i % 13 > 0 THEN 50 + i * 31 % 97 END AS price, ARRAY[i % 3, i % 4]::float8[] AS more,
	   i % 10 = 3 AS is_valid, 1 + i % 3 AS w,
	   10 + i % 7 * 3 + CASE WHEN i % 5 = 0 THEN 8 ELSE 0 END + (i * 7919 % 40) / 4.0 - coalesce(i * 31 % 97, 40) / 20.0 + i * 104729 % 10 / 5.0 AS sold
  FROM generate_series(1, 3000) AS i;
