namespace ImageWorker.IntegrationTests.Workers;

/// <summary>Steps that fail for good: the database refuses to save what they led to, by a rule that no retry changes.</summary>
internal static class BrokenSteps
{
    public const string Reason = "broken by a test";

    /// <summary>Has every step fail that would save such a row, and counts them.</summary>
    /// <param name="worker">Whose database it is.</param>
    /// <param name="rows">A condition in SQL on <c>NEW</c>, the row.</param>
    public static Task BreakStepsAsync(this WorkerUnderTest worker, string rows) =>
        worker.QueryAsync(
            $"""
            CREATE SEQUENCE IF NOT EXISTS broken_steps MINVALUE 0 START 0;
            SELECT setval('broken_steps', 0);
            CREATE OR REPLACE FUNCTION break_step() RETURNS trigger LANGUAGE plpgsql AS
              $$ BEGIN PERFORM nextval('broken_steps'); RAISE EXCEPTION '{Reason}'; END $$;
            CREATE OR REPLACE TRIGGER break_step BEFORE INSERT OR UPDATE ON requests
              FOR EACH ROW WHEN ({rows}) EXECUTE FUNCTION break_step();
            """
        );

    public static Task MendStepsAsync(this WorkerUnderTest worker) =>
        worker.QueryAsync("DROP TRIGGER break_step ON requests");

    /// <summary>How many failed so far. A sequence counts on where what counted is rolled back.</summary>
    public static async Task<long> CountBrokenStepsAsync(this WorkerUnderTest worker) =>
        (long)(await worker.QueryAsync("SELECT last_value FROM broken_steps"))!;
}
