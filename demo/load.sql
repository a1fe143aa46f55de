-- demo/load.sql: real sales files in the tables of the demo.
--
-- Expects the tables records (one row a day, shop and drink) and prices, as
-- demo/run.sh fills them. The week of the last day is the buffer week unless it
-- is complete. Prices are known ahead; promotions and stock-outs are not recorded.

CREATE TABLE shops AS SELECT DISTINCT store FROM records;
CREATE TABLE drinks AS SELECT r.item, max(p.price) AS price FROM records AS r LEFT JOIN prices AS p USING (item) GROUP BY r.item;
CREATE TABLE sales AS SELECT day, store, item, sales AS sold, false AS sold_out FROM records;
ALTER TABLE sales ADD PRIMARY KEY (store, item, day);
CREATE TABLE plan AS
SELECT w.week::date, d.item, d.price, false AS promo
  FROM drinks AS d,
	   (SELECT generate_series(date_trunc('week', min(day)), date_trunc('week', max(day) + 1) + interval '7 days', interval '7 days') AS week
		  FROM records) AS w;
DROP TABLE records, prices;
ANALYZE;
