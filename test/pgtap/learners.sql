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
CREATE TABLE noint1 AS SELECT 100.0 + k AS y, k::float8 AS x FROM generate_series(60, 70) AS k;
UPDATE noint1 SET y = x + 70;
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
CREATE FUNCTION digits(got float8, right_ float8) RETURNS float8 LANGUAGE sql AS $$ SELECT CASE WHEN got = right_ THEN 15 WHEN got IS NULL THEN 0 ELSE least(15, -log(abs((got::numeric - right_::numeric) / right_::numeric)))::float8 END $$;
CREATE FUNCTION worst(m mlpg.model, of_problem text) RETURNS float8 LANGUAGE sql AS $$
	SELECT min(least(digits(c.estimate, z.estimate), digits(c.std_error, z.std_error))) FROM certified AS z LEFT JOIN mlpg.coefficients(m) AS c ON c.term = z.term WHERE z.problem = of_problem $$;
CREATE FUNCTION fact(m mlpg.model, of_item text) RETURNS float8 LANGUAGE sql AS $$ SELECT value::float8 FROM mlpg.summary(m) WHERE item = of_item $$;
CREATE VIEW nist AS
	SELECT 'norris' AS problem, 11 AS floor, 'rows' AS form, o AS rows_order, mlpg.fit('linear', y, x ORDER BY hashint8extended((x * 10)::bigint, o), y) AS m FROM (SELECT n.y, n.x AS x1 FROM norris AS n) AS n, LATERAL (SELECT n.x1 AS x) AS x, generate_series(1, 25) AS o GROUP BY o
