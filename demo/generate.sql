-- demo/generate.sql: two and a half years of daily drink sales, made up but not rigged.
--
-- 10 shops sell 10 drinks each. Every number is a function of a hash, so every
-- machine makes the same data. What is in them, on purpose:
--   * shops differ in size and in their week (offices, stations, weekends);
--   * drinks differ in season: beer and sparkling water want summer, coffee winter;
--   * the weather of a day is a climate curve plus an anomaly that lasts for some days;
--   * prices move three or four times, promotions of a week lift sales and are followed by a dip;
--   * levels wander from week to week, a whole week can be good or bad everywhere;
--   * shelves run empty: then the register shows the stock, not the demand, and sold_out is true.
-- The last complete week ends on Sunday 29 June 2025; Monday to Wednesday of the
-- week after (the buffer week, in progress when the order is placed) are there
-- too. Prices and promotions are planned two weeks ahead, weather is not known ahead.

CREATE FUNCTION uniform(what text) RETURNS float8
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN ((pg_catalog.hashtextextended(what, 2025) >> 11) + 4503599627370496) / 9007199254740992.0::float8;
COMMENT ON FUNCTION uniform(text) IS 'A number in [0, 1) that depends on nothing but the text. Example: SELECT uniform(''a'')';

-- Sum of four uniforms, scaled to variance 1: near enough to a normal, and no table of logs behind it.
CREATE FUNCTION noise(what text) RETURNS float8
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (uniform(what || '1') + uniform(what || '2') + uniform(what || '3') + uniform(what || '4') - 2) * sqrt(3.0::float8);
COMMENT ON FUNCTION noise(text) IS 'A number with mean 0 and variance 1 that depends on nothing but the text. Example: SELECT noise(''a'')';

CREATE TABLE shops (store text PRIMARY KEY, region text NOT NULL, size float8 NOT NULL, weekend float8 NOT NULL);
COMMENT ON COLUMN shops.weekend IS 'sales of a Saturday relative to a Wednesday';
INSERT INTO shops VALUES
	('airport', 'coast', 1.50, 0.95), ('beach',    'coast', 0.80, 1.70), ('campus', 'inland', 1.05, 0.55),
	('castle',  'inland', 0.60, 1.60), ('harbour', 'coast', 0.90, 1.30), ('market', 'inland', 1.15, 1.45),
	('office',  'inland', 0.95, 0.40), ('old_town', 'coast', 0.70, 1.25), ('park',  'inland', 0.65, 1.55),
	('station', 'inland', 1.75, 0.85);

CREATE TABLE drinks (item text PRIMARY KEY, per_day float8 NOT NULL, price int NOT NULL, summer float8 NOT NULL, per_degree float8 NOT NULL, elasticity float8 NOT NULL, lift float8 NOT NULL);
COMMENT ON COLUMN drinks.summer IS 'how far July lies above the yearly mean, as a logarithm';
COMMENT ON COLUMN drinks.per_degree IS 'effect of one degree above the climate, as a logarithm';
COMMENT ON COLUMN drinks.lift IS 'effect of a week on promotion, as a logarithm';
INSERT INTO drinks VALUES
	('apple_juice',     16, 120,  0.05, 0.004, -1.1, 0.34), ('beer',            11, 200,  0.38, 0.022, -0.8, 0.42),
	('coffee',          34, 200, -0.24, -0.012, -0.6, 0.25), ('fruit_juice',     9, 150,  0.10, 0.006, -1.2, 0.36),
	('milk',            15, 130, -0.04, 0.000, -0.5, 0.20), ('mineral_water',   26, 100,  0.25, 0.018, -0.9, 0.28),
	('orange_juice',    18, 120,  0.02, 0.004, -1.1, 0.34), ('soy_milk',         7, 120, -0.02, 0.000, -1.3, 0.40),
	('sparkling_water', 14, 120,  0.30, 0.020, -1.0, 0.32), ('sports_drink',    12, 130,  0.35, 0.024, -1.0, 0.38);

-- One row a drink and week, two weeks into the future: what head office plans.
CREATE TABLE plan (week date, item text REFERENCES drinks, price int NOT NULL, promo boolean NOT NULL, PRIMARY KEY (week, item));
INSERT INTO plan
SELECT w.week, d.item,
	   d.price + 5 * (SELECT count(*) FROM generate_series(1, 4) AS k WHERE w.week >= date '2023-02-06' + 7 * floor(uniform('price' || d.item || k) * 118)::int),
	   uniform('promo' || d.item || w.week) < 0.10
  FROM drinks AS d, (SELECT date '2023-01-02' + 7 * k AS week FROM generate_series(0, 131) AS k) AS w;

CREATE TABLE weather (day date, region text, temp float8 NOT NULL, PRIMARY KEY (day, region));
COMMENT ON TABLE weather IS 'Measured, so known only afterwards.';
INSERT INTO weather
SELECT date '2023-01-02' + k, r.region,
	   round((r.mean - r.swing * cos(2 * pi() * (k - 18) / 365.25)
		+ 3.0 * (SELECT sum(power(0.75, j) * noise('weather' || (k - j))) FROM generate_series(0, 12) AS j) * 0.66
		+ 0.8 * noise(r.region || k))::numeric, 1)
  FROM (VALUES ('coast', 14.0, 8.5), ('inland', 12.0, 11.0)) AS r (region, mean, swing), generate_series(0, 129 * 7 + 9) AS k;

-- Levels that wander: the sum of a shock a week, for the shop, for the drink, for the pair.
CREATE TEMPORARY TABLE levels AS
SELECT w.week, s.store, d.item,
	   0.05 * noise('week' || w.week)
	   + sum(0.012 * noise('shop' || s.store || w.week) + 0.010 * noise('drink' || d.item || w.week)
			 + 0.022 * noise(s.store || d.item || w.week)) OVER (PARTITION BY s.store, d.item ORDER BY w.week)
	   + ln(d.per_day * s.size) + 0.25 * noise('taste' || s.store || d.item) AS level
  FROM shops AS s, drinks AS d, (SELECT DISTINCT week FROM plan) AS w;

CREATE TEMPORARY TABLE demand AS
SELECT c.day, c.week, s.store, d.item, p.price, p.promo, l.level,
	   l.level
	   + CASE extract(isodow FROM c.day)::int WHEN 1 THEN -0.05 WHEN 2 THEN -0.02 WHEN 3 THEN 0 WHEN 4 THEN 0.02
			WHEN 5 THEN 0.08 + 0.25 * ln(s.weekend) WHEN 6 THEN ln(s.weekend) ELSE ln(s.weekend) - 0.08 END
	   + d.summer * -cos(2 * pi() * (extract(doy FROM c.day)::float8 - 18) / 365.25)
	   + d.per_degree * (w.temp - (r.mean - r.swing * cos(2 * pi() * (c.day - date '2023-01-20') / 365.25)))
	   + d.elasticity * ln(p.price / d.price::float8)
	   + CASE WHEN p.promo THEN d.lift * (1 + 0.3 * noise('lift' || s.store || d.item || c.week)) WHEN b.promo THEN -0.25 * d.lift ELSE 0 END
	   + CASE WHEN to_char(c.day, 'MMDD') BETWEEN '1222' AND '1231' THEN 0.15 WHEN to_char(c.day, 'MMDD') BETWEEN '0101' AND '0103' THEN -0.5 ELSE 0 END AS mu
  FROM (SELECT date '2023-01-02' + k AS day, date '2023-01-02' + k / 7 * 7 AS week FROM generate_series(0, 129 * 7 + 9) AS k) AS c
  CROSS JOIN shops AS s
  CROSS JOIN drinks AS d
  JOIN plan AS p ON p.week = c.week AND p.item = d.item
  LEFT JOIN plan AS b ON b.week = c.week - 7 AND b.item = d.item
  JOIN levels AS l ON l.week = c.week AND l.store = s.store AND l.item = d.item
  JOIN weather AS w ON w.day = c.day AND w.region = s.region
  JOIN (VALUES ('coast', 14.0, 8.5), ('inland', 12.0, 11.0)) AS r (region, mean, swing) ON r.region = s.region;

CREATE TABLE sales (day date, store text REFERENCES shops, item text REFERENCES drinks, sold int NOT NULL, sold_out boolean NOT NULL, PRIMARY KEY (store, item, day));
COMMENT ON COLUMN sales.sold IS 'units through the register: on a sold-out day less than customers wanted';
INSERT INTO sales
SELECT d.day, d.store, d.item, least(d.wanted, d.stock), d.wanted > d.stock
  FROM (SELECT day, store, item,
			   greatest(0, round(exp(mu) * (1 + 0.12 * noise('day' || store || item || day)) + sqrt(exp(mu)) * noise('customer' || item || store || day)))::int AS wanted,
			   ceil(exp(level + 0.5 * (mu - level)) * (1.95 + 0.35 * noise('stock' || store || item || day)))::int AS stock
		  FROM demand) AS d;

DROP TABLE demand, levels;
ANALYZE;
