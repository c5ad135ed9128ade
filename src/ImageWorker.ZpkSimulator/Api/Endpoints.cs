namespace ImageWorker.ZpkSimulator.Api;

/// <summary>The API's two addresses, as faults and limits are confined to them.</summary>
[Flags]
internal enum Endpoints
{
    None = 0,
    Generate = 1,
    Check = 2,
    Both = Generate | Check,
}
