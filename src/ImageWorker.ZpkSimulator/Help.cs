namespace ImageWorker.ZpkSimulator;

internal static class Help
{
    public const string Text = """
        A stand-in for https://zpk.systems: its image API on this machine, free of charge.

          dotnet run --project src/ImageWorker.ZpkSimulator -- [--OPTION VALUE]...
          dotnet run --project src/ImageWorker.ZpkSimulator -- healthcheck    exit 0 if one listens on the port

        Each option is also an environment variable: --port 5080 is ZPKSIM_Port=5080.

          --address IP                  where to listen (127.0.0.1)
          --port N                      0 for a free one (5080)
          --publicAddress URL           where pictures are said to be (the address that the caller used)
          --credentials:APP KEY         accept this application id and key alone; repeatable (any)
          --generationTime DIST         fixed:2, uniform:5:60 or lognormal:30:0.4, in seconds (lognormal:30)
          --timeScale X                 multiplies every generation time (1)
          --waitTimeError X             told waits are wrong by up to this factor either way (1)
          --waitTimeForm FORM           Text or Number (Text)
          --generalErrorRate P          share of images that end as GENERAL_ERROR (0)
          --policyViolationRate P       share that ends as CONTENT_POLICY_VIOLATION (0)
          --chargeFailedImages BOOL     whether failed images keep their price (true)
          --repeatedId ANSWER           ChargeAgain, Refuse or ReturnSame (ChargeAgain)
          --unknownRequest ANSWER       Errors, NotFound or SuccessFalse (Errors)
          --visibilityDelay HH:MM:SS    how long check-status does not know a new submission (0)
          --callbackShape SHAPE         Image, Images or Empty (Image)
          --callbackLossRate P          share of callbacks not sent (0)
          --callbackDuplicationRate P   share sent twice (0)
          --callbackDelay HH:MM:SS      (0)
          --earlyTolerance HH:MM:SS     a check may come this much too early (00:00:00.1)
          --lateTolerance HH:MM:SS      and this much after its time before it counts as late (00:00:05)
          --stateFile PATH              remember accepted submissions across restarts (memory only)
          --seed N                      repeatable chance (different each time)
          --faults:0 FAULT              a fault in force from the start; repeatable with :1, :2 … (none)
          --limits:0 LIMIT              a limit in force from the start, as "bucket 50/s burst 50"; repeatable (none)

        The ledger is at /_ledger, its sums at /_summary, calls by second at /_calls, faults at /_faults, limits at
        /_limits. What a prompt can ask for in [markers], the faults, the limits and the ledger's fields:
        src/ImageWorker.ZpkSimulator/README.md.

        """;
}
