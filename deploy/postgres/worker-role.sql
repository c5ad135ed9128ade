-- A role for the workers: it reads and writes rows, and makes, changes or drops no table. Run it in ImageWorker's database as
-- the role that migrates, with psql 15 or later; it grants what that role has made, and what it will make:
--   WORKER_PASSWORD=… psql "postgresql://MIGRATOR@HOST/DATABASE" --file deploy/postgres/worker-role.sql
-- The PostgreSQL of docker-compose.yml runs it when its volume is made.
\getenv password WORKER_PASSWORD
CREATE ROLE imageworker_worker LOGIN PASSWORD :'password';
-- To see how far the standbys are: commands are acknowledged once one of them has them.
GRANT pg_monitor TO imageworker_worker;
GRANT USAGE ON SCHEMA public TO imageworker_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO imageworker_worker;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO imageworker_worker;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO imageworker_worker;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO imageworker_worker;
