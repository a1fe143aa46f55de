-- demo/features.sql: from the daily register to one row a week, shop and drink.
--
-- Plain SQL views, so that anybody can read and change them.  The order for a
-- week is placed in the week before (the buffer week), when that week is not
-- over: the newest week known is two weeks before the target.  Every frame
-- below therefore ends at 14 days PRECEDING, and goes by time (RANGE), not by
-- row, so that a missing week is missing and does not shift the others.
--
-- Expects the tables sales and plan; the variable long_history says whether
-- there is more than a year of both.

-- On a sold-out day the register shows the stock. Customers wanted at least that,
-- and at least what they took on the same weekday of the weeks before, on average.
CREATE VIEW daily_demand AS
SELECT day, store, item, sold, sold_out,
	   CASE WHEN sold_out
			THEN greatest(sold, avg(sold) FILTER (WHERE NOT sold_out) OVER same_weekday)
			ELSE sold END AS demand
  FROM sales
WINDOW same_weekday AS (PARTITION BY store, item, extract(isodow FROM day) ORDER BY day
						RANGE BETWEEN '28 days' PRECEDING AND '7 days' PRECEDING);
COMMENT ON VIEW daily_demand IS 'sales with a cautious estimate of the demand on sold-out days';

-- Complete weeks have a demand, the buffer week and the week to order for have none.
CREATE VIEW weekly AS
SELECT p.week, s.store, p.item, p.price, p.promo, d.demand, d.sold_out_days
  FROM plan AS p
  CROSS JOIN shops AS s
  LEFT JOIN (SELECT date_trunc('week', day)::date AS week, store, item, sum(demand) AS demand,
					count(*) FILTER (WHERE sold_out) AS sold_out_days
			   FROM daily_demand
			  GROUP BY 1, 2, 3
			 HAVING count(*) = 7) AS d
		 ON d.week = p.week AND d.store = s.store AND d.item = p.item;
COMMENT ON VIEW weekly IS 'one row a week, shop and drink; demand is NULL where the week is not over';

\if :long_history
CREATE VIEW features AS
SELECT week, store, item, demand,
	   last_week, mean_4, mean_13,
	   mean_4 * promo::int AS promo_units,
	   mean_4 * promo_share AS promo_units_before,
	   mean_4 * promo_last::int AS promo_units_last_week,
	   mean_4 * ln(price / price_before) AS price_units,
	   mean_4 * least(1.0, greatest(-0.5, week_last_year / mean_4_last_year - 1)) AS season_units,
	   mean_4 * sin(angle) AS sin_units, mean_4 * cos(angle) AS cos_units,
	   mean_4 * (to_char(week, 'MMDD') BETWEEN '1222' AND '1228')::int AS christmas_units,
	   mean_4 * (to_char(week, 'MMDD') BETWEEN '1229' AND '1231' OR to_char(week, 'MMDD') BETWEEN '0101' AND '0104')::int AS new_year_units
  FROM (SELECT week, store, item, demand, price, promo,
			   2 * pi() * extract(doy FROM week)::float8 / 365.25 AS angle,
			   max(demand) OVER known_last AS last_week,
			   avg(demand) OVER known_4 AS mean_4,
			   avg(demand) OVER known_13 AS mean_13,
			   avg(promo::int) OVER known_4 AS promo_share,
			   bool_or(promo) OVER before AS promo_last,
			   avg(price) OVER known_4 AS price_before,
			   avg(demand) OVER last_year AS week_last_year,
			   avg(demand) OVER last_year_4 AS mean_4_last_year
		  FROM weekly
		WINDOW before AS (PARTITION BY store, item ORDER BY week RANGE BETWEEN '7 days' PRECEDING AND '7 days' PRECEDING),
			   known_last AS (PARTITION BY store, item ORDER BY week RANGE BETWEEN '14 days' PRECEDING AND '14 days' PRECEDING),
			   known_4 AS (PARTITION BY store, item ORDER BY week RANGE BETWEEN '35 days' PRECEDING AND '14 days' PRECEDING),
			   known_13 AS (PARTITION BY store, item ORDER BY week RANGE BETWEEN '98 days' PRECEDING AND '14 days' PRECEDING),
			   last_year AS (PARTITION BY store, item ORDER BY week RANGE BETWEEN '371 days' PRECEDING AND '357 days' PRECEDING),
			   last_year_4 AS (PARTITION BY store, item ORDER BY week RANGE BETWEEN '399 days' PRECEDING AND '378 days' PRECEDING)) AS w
 WHERE mean_4_last_year > 0;
\else
-- Less than a year: there is no last year to learn the season from, and a trend over
-- a few months is no season. What carries over is the newest level that is known.
CREATE VIEW features AS
SELECT week, store, item, demand, last_week, mean_4
  FROM (SELECT week, store, item, demand,
			   max(demand) OVER known_last AS last_week,
			   avg(demand) OVER known_4 AS mean_4,
			   count(demand) OVER known_4 AS known_weeks
		  FROM weekly
		WINDOW known_last AS (PARTITION BY store, item ORDER BY week RANGE BETWEEN '14 days' PRECEDING AND '14 days' PRECEDING),
			   known_4 AS (PARTITION BY store, item ORDER BY week RANGE BETWEEN '35 days' PRECEDING AND '14 days' PRECEDING)) AS w
 WHERE known_weeks = 4;
\endif
COMMENT ON VIEW features IS 'what is known about a week when its order is placed, and its demand afterwards';
