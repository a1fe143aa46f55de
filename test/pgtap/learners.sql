-- Numbers of the learners against certified and published ones: NIST's linear least
-- squares problems in any order of rows and merged, Engel's food expenditure and
-- the bike sharing days against R (these two skip where the data are not there).
BEGIN;
SET client_min_messages = error;
SELECT no_plan();

-- --- NIST StRD, public domain: data and certified values as printed there
CREATE TABLE norris (y float8, x float8);
INSERT INTO norris VALUES
	(0.1,0.2), (338.8,337.4), (118.1,118.2), (888,884.6), (9.2,10.1), (228.1,226.5), (668.5,666.3), (998.5,996.3), (449.1,448.6),
	(778.9,777), (559.2,558.2), (0.3,0.4), (0.1,0.6), (778.1,775.5), (668.8,666.9), (339.3,338), (448.9,447.5), (10.8,11.6),
	(557.7,556), (228.3,228.1), (998,995.8), (888.8,887.6), (119.6,120.2), (0.3,0.3), (0.6,0.3), (557.6,556.8), (339.3,339.1),
	(888,887.2), (998.5,999), (778.9,779), (10.2,11.1), (117.6,118.3), (228.9,229.2), (668.4,669.1), (449.2,448.9), (0.2,0.5);
CREATE TABLE noint1 AS SELECT (k + 70)::float8 AS y, k::float8 AS x FROM generate_series(60, 70) AS k;
CREATE TABLE longley (y float8, x1 float8, x2 float8, x3 float8, x4 float8, x5 float8, x6 float8);
INSERT INTO longley VALUES
	(60323,83,234289,2356,1590,107608,1947), (61122,88.5,259426,2325,1456,108632,1948), (60171,88.2,258054,3682,1616,109773,1949), (61187,89.5,284599,3351,1650,110929,1950),
	(63221,96.2,328975,2099,3099,112075,1951), (63639,98.1,346999,1932,3594,113270,1952), (64989,99,365385,1870,3547,115094,1953), (63761,100,363112,3578,3350,116219,1954),
	(66019,101.2,397469,2904,3048,117388,1955), (67857,104.6,419180,2822,2857,118734,1956), (68169,108.4,442769,2936,2798,120445,1957), (66513,110.8,444546,4681,2637,121950,1958),
	(68655,112.6,482704,3813,2552,123366,1959), (69564,114.2,502601,3931,2514,125368,1960), (69331,115.7,518173,4806,2572,127852,1961), (70551,116.9,554894,4007,2827,130081,1962);
CREATE TABLE certified (problem text, term text, estimate float8, std_error float8);
INSERT INTO certified VALUES
	('norris', '(intercept)', -0.262323073774029, 0.232818234301152), ('norris', 'x', 1.00211681802045, 0.429796848199937E-03),
	('noint1', 'x', 2.07438016528926, 0.165289256198347E-01),
	('longley', '(intercept)', -3482258.63459582, 890420.383607373), ('longley', 'x1', 15.0618722713733, 84.9149257747669), ('longley', 'x2', -0.358191792925910E-01, 0.334910077722432E-01),
	('longley', 'x3', -2.02022980381683, 0.488399681651699), ('longley', 'x4', -1.03322686717359, 0.214274163161675), ('longley', 'x5', -0.511041056535807E-01, 0.226073200069370), ('longley', 'x6', 1829.15146461355, 455.478499142212);
CREATE TABLE certified_facts (problem text, r_squared float8, residual_std_error float8);
INSERT INTO certified_facts VALUES ('norris', 0.999993745883712, 0.884796396144373), ('noint1', 0.999365492298663, 3.56753034006338), ('longley', 0.995479004577296, 304.854073561965);
-- correct digits: at most the 15 that are certified
CREATE FUNCTION digits(got float8, right_ float8) RETURNS float8 LANGUAGE sql AS $$ SELECT CASE WHEN got = right_ THEN 15 WHEN got IS NULL THEN 0 ELSE least(15, -log(abs((got - right_) / right_))) END $$;
CREATE FUNCTION worst(m mlpg.model, of_problem text) RETURNS float8 LANGUAGE sql AS $$
	SELECT min(least(digits(c.estimate, z.estimate), digits(c.std_error, z.std_error))) FROM certified AS z LEFT JOIN mlpg.coefficients(m) AS c ON c.term = z.term WHERE z.problem = of_problem $$;
CREATE FUNCTION fact(m mlpg.model, of_item text) RETURNS float8 LANGUAGE sql AS $$ SELECT value::float8 FROM mlpg.summary(m) WHERE item = of_item $$;
CREATE TABLE fits (problem text, how text, m mlpg.model);
-- twenty-five orders of the rows
INSERT INTO fits SELECT 'norris', 'order ' || o, mlpg.fit('linear', n.y, n ORDER BY hashfloat8extended(x * 7 + y, o)) FROM norris AS n, generate_series(1, 25) AS o GROUP BY o;
INSERT INTO fits SELECT 'noint1', 'order ' || o, mlpg.fit('linear', n.y, n, '{"intercept":false}' ORDER BY hashfloat8extended(x, o)) FROM noint1 AS n, generate_series(1, 25) AS o GROUP BY o;
INSERT INTO fits SELECT 'longley', 'order ' || o, mlpg.fit('linear', n.y, n ORDER BY hashfloat8extended(x6, o)) FROM longley AS n, generate_series(1, 25) AS o GROUP BY o;
-- as arrays; in four states merged, each shipped as text; by train
INSERT INTO fits SELECT 'longley', 'array', mlpg.fit('linear', y, ARRAY[x1, x2, x3, x4, x5, x6]) FROM longley;
CREATE FUNCTION by_text(mlpg.state) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1::text';
CREATE AGGREGATE partial_fit(text, float8, float8[]) (SFUNC = mlpg.fit_array_accum, STYPE = mlpg.state, FINALFUNC = by_text);
CREATE AGGREGATE combine_fit(mlpg.state) (SFUNC = mlpg.fit_array_combine, STYPE = mlpg.state, FINALFUNC = mlpg.fit_array_final);
INSERT INTO fits SELECT 'longley', 'merged ' || o, combine_fit(s::mlpg.state ORDER BY part) FROM (SELECT o, abs(hashfloat8extended(x6, o)) % 4 AS part, partial_fit('linear', y, ARRAY[x1, x2, x3, x4, x5, x6] ORDER BY hashfloat8extended(x1, o)) AS s FROM longley, generate_series(1, 10) AS o GROUP BY 1, 2) AS p GROUP BY o;
-- in a parallel plan
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
CREATE TABLE parallel_longley AS SELECT mlpg.fit('linear', n.y, n) AS m FROM longley AS n;
INSERT INTO fits SELECT 'longley', 'parallel', m FROM parallel_longley;
CREATE TABLE trained AS SELECT p, (mlpg.train('nist_' || p, p, 'y', 'linear', holdout => 0, params => CASE WHEN p = 'noint1' THEN '{"intercept":false}' ELSE '{}' END::jsonb)).model FROM unnest('{norris,noint1,longley}'::text[]) AS p;
INSERT INTO fits SELECT p, 'train', mlpg.get_model(model) FROM trained;
SELECT cmp_ok(min(worst(m, problem)), '>=', CASE problem WHEN 'noint1' THEN 12 ELSE 11 END::float8, problem || ': digits of estimates and standard errors, ' || count(*) || ' ways') FROM fits WHERE how <> 'array' AND how NOT LIKE 'merged%' GROUP BY problem ORDER BY problem;
SELECT cmp_ok(min(digits(fact(m, CASE WHEN problem = 'noint1' THEN 'r_squared_about_zero' ELSE 'r_squared' END), r_squared)), '>=', 11::float8, problem || ': R squared') FROM fits JOIN certified_facts USING (problem) GROUP BY problem ORDER BY problem;
SELECT cmp_ok(min(digits(fact(m, 'residual_std_error'), residual_std_error)), '>=', 11::float8, problem || ': residual standard deviation') FROM fits JOIN certified_facts USING (problem) GROUP BY problem ORDER BY problem;
SELECT cmp_ok(min(digits(c.estimate, z.estimate)), '>=', 11::float8, 'longley as array and merged') FROM fits AS f, LATERAL mlpg.coefficients(f.m) AS c, certified AS z WHERE (how = 'array' OR how LIKE 'merged%') AND z.problem = f.problem AND c.term = z.term;
SELECT is(count(*)::int, 77, 'so many terms were compared') FROM fits AS f, LATERAL mlpg.coefficients(f.m) AS c, certified AS z WHERE (how = 'array' OR how LIKE 'merged%') AND z.problem = f.problem AND c.term = z.term;

-- --- small truths
SELECT is((SELECT array_agg(round(estimate::numeric, 12) ORDER BY term) FROM mlpg.coefficients(mlpg.fit('linear', y, ARRAY[x]))), '{1.000000000000,2.000000000000}', 'a line is found exactly') FROM (SELECT x::float8, 1 + 2.0 * x::float8 AS y FROM generate_series(1, 9) AS x) AS d;
SELECT is(mlpg.predict(mlpg.fit('baseline', y, ARRAY[y * 0 + 1]), '{1}'::float8[]), 4.5::float8, 'mean') FROM generate_series(1, 8) AS y;
SELECT is(mlpg.predict(mlpg.fit('baseline', y, ARRAY[1.0], '{"statistic":"median"}'), '{1}'::float8[]), 3.5::float8, 'median of an even number') FROM unnest('{1,2,3,4,5,100}'::float8[]) AS y;
SELECT is(mlpg.predict(mlpg.fit('baseline', y, ARRAY[1.0], '{"statistic":"median"}'), '{1}'::float8[]), 3::float8, 'median of an odd number') FROM unnest('{1,2,3,4,100}'::float8[]) AS y;
SELECT is(mlpg.predict(mlpg.fit('baseline', y, ARRAY[1.0], '{"statistic":"last"}' ORDER BY y DESC), '{1}'::float8[]), 1::float8, 'last') FROM generate_series(1, 8) AS y;
-- a quantile of one group is one of its values, and splits the rows at the level
SELECT ok(bool_and(below <= level * 99 + 1e-9 AND level * 99 <= at_or_below), 'the quantile splits the rows') FROM (SELECT level, count(*) FILTER (WHERE y < q) AS below, count(*) FILTER (WHERE y <= q) AS at_or_below
	FROM (SELECT i * 7919 % 1009 AS y FROM generate_series(1, 99) AS i) AS d, (SELECT level, mlpg.predict(mlpg.fit('quantile', i * 7919 % 1009, ARRAY[1.0], jsonb_build_object('quantile', level)), '{1}'::float8[]) AS q FROM generate_series(1, 99) AS i, unnest('{0.01,0.1,0.5,0.75,0.99}'::float8[]) AS level GROUP BY level) AS l GROUP BY level) AS s;
-- ridge on one column of unit variance: the least squares slope over 1 + l2
SELECT ok(abs((SELECT estimate FROM mlpg.coefficients(m) WHERE term = 'x1') / (slope / 1.5) - 1) < 1e-10, 'ridge by its formula') FROM (SELECT mlpg.fit('linear', y, ARRAY[x1], '{"l2":0.5}') AS m, regr_slope(y, x1) AS slope FROM longley) AS q;

-- --- the data of ../shared/data, where they are
\set has_engel `test -r ../shared/data/engel/engel.csv && test -r ../shared/data/engel/engel_quantreg_R.csv && echo true || echo false`
\set has_bike `test -r ../shared/data/bike_sharing/day.csv && test -r ../shared/data/reference_fits/bike_day_quantreg_R.csv && echo true || echo false`
CREATE FUNCTION check_loss(y float8, p float8, tau float8) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$ SELECT CASE WHEN y >= p THEN tau * (y - p) ELSE (tau - 1) * (y - p) END $$;
\if :has_engel
CREATE TABLE engel (income float8, foodexp float8);
\copy engel FROM '../shared/data/engel/engel.csv' (FORMAT csv, HEADER)
CREATE TABLE engel_r (tau float8, term text, estimate float8, loss float8);
\copy engel_r FROM '../shared/data/engel/engel_quantreg_R.csv' (FORMAT csv, HEADER)
CREATE TABLE engel_fits AS SELECT tau, mlpg.fit('quantile', foodexp, x, jsonb_build_object('quantile', tau)) AS m FROM engel, LATERAL (SELECT engel.income) AS x, (SELECT DISTINCT tau FROM engel_r) AS t GROUP BY tau;
SELECT ok(abs((SELECT sum(check_loss(foodexp, mlpg.predict(m, e), tau)) FROM engel AS e) / (SELECT max(loss) FROM engel_r AS r WHERE r.tau = f.tau) - 1) < 1e-10, 'engel ' || tau || ': objective') FROM engel_fits AS f;
SELECT ok(bool_and(abs(c.estimate / r.estimate - 1) < 1e-8) AND count(*) = 2, 'engel ' || tau || ': coefficients') FROM engel_fits AS f JOIN engel_r AS r USING (tau), LATERAL mlpg.coefficients(f.m) AS c WHERE lower(r.term) = c.term GROUP BY tau;
-- all levels in one model
SELECT ok(bool_and(abs(mlpg.predict_quantile(a.m, '{"income":1000}'::jsonb, f.tau) - mlpg.predict(f.m, '{"income":1000}'::jsonb)) < 1e-6), 'engel: several levels in one model')
  FROM engel_fits AS f, (SELECT mlpg.fit('quantile', foodexp, x, (SELECT jsonb_build_object('quantiles', jsonb_agg(DISTINCT tau)) FROM engel_r)) AS m FROM engel, LATERAL (SELECT engel.income) AS x) AS a;
\else
SELECT skip('../shared/data/engel is not there');
\endif
\if :has_bike
CREATE TABLE bike (instant int, dteday date, season int, yr int, mnth int, holiday int, weekday int, workingday int, weathersit int, temp float8, atemp float8, hum float8, windspeed float8, casual int, registered int, cnt int);
\copy bike FROM '../shared/data/bike_sharing/day.csv' (FORMAT csv, HEADER)
CREATE TABLE bike_ols_r (term text, estimate float8, std_error float8, stat float8);
\copy bike_ols_r FROM '../shared/data/reference_fits/bike_day_ols_R.csv' (FORMAT csv, HEADER, FORCE_NULL (std_error, stat))
CREATE TABLE bike_quantreg_r (tau float8, term text, estimate float8, loss float8);
\copy bike_quantreg_r FROM '../shared/data/reference_fits/bike_day_quantreg_R.csv' (FORMAT csv, HEADER)
CREATE TABLE bike_ols AS SELECT mlpg.fit('linear', cnt, x) AS m FROM bike AS b, LATERAL (SELECT b.temp, b.hum, b.windspeed, b.yr, b.holiday, b.workingday) AS x;
SELECT ok(count(*) = 7 AND bool_and(abs(c.estimate / r.estimate - 1) < 1e-8), 'bike days, least squares: estimates') FROM bike_ols AS f, mlpg.coefficients(f.m) AS c, bike_ols_r AS r WHERE lower(r.term) = c.term;
SELECT ok(count(*) = 7 AND bool_and(abs(c.std_error / r.std_error - 1) < 1e-8 AND abs(c.statistic / r.stat - 1) < 1e-8), 'bike days, least squares: standard errors and t') FROM bike_ols AS f, mlpg.coefficients(f.m) AS c, bike_ols_r AS r WHERE lower(r.term) = c.term;
-- by train too
SELECT model IS NULL FROM mlpg.train('bike', 'SELECT temp, hum, windspeed, yr, holiday, workingday, cnt FROM bike', 'cnt', 'linear', holdout => 0);
SELECT ok(bool_and(abs(c.estimate / r.estimate - 1) < 1e-8), 'bike days, least squares by train') FROM mlpg.coefficients('bike') AS c, bike_ols_r AS r WHERE lower(r.term) = c.term;
CREATE TABLE bike_fits AS SELECT tau, mlpg.fit('quantile', cnt, x, jsonb_build_object('quantile', tau)) AS m FROM bike AS b, LATERAL (SELECT b.temp, b.hum, b.windspeed, b.yr, b.workingday) AS x, (SELECT DISTINCT tau FROM bike_quantreg_r) AS t GROUP BY tau;
SELECT ok(abs((SELECT sum(check_loss(cnt, mlpg.predict(m, b), tau)) FROM bike AS b) / (SELECT max(loss) FROM bike_quantreg_r AS r WHERE r.tau = f.tau) - 1) < 1e-10, 'bike days, quantile ' || tau || ': objective') FROM bike_fits AS f;
SELECT ok(bool_and(abs(c.estimate / r.estimate - 1) < 1e-8) AND count(*) = 6, 'bike days, quantile ' || tau || ': coefficients') FROM bike_fits AS f JOIN bike_quantreg_r AS r USING (tau), LATERAL mlpg.coefficients(f.m) AS c WHERE lower(r.term) = c.term GROUP BY tau;
\else
SELECT skip('../shared/data/bike_sharing is not there');
\endif

SELECT * FROM finish();
ROLLBACK;
