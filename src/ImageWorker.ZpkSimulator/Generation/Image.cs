using System.Runtime.InteropServices;

namespace ImageWorker.ZpkSimulator.Generation;

/// <summary>How an image ends.</summary>
internal enum ImageOutcome : byte
{
    Generated,
    GeneralError,
    PolicyViolation,
}

/// <summary>What is drawn for one image when its submission is accepted.</summary>
/// <param name="Milliseconds">From acceptance to the end, scaled.</param>
/// <param name="WaitFactor">Told waits are the true ones multiplied by it.</param>
/// <param name="Outcome">How it ends.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ImagePlan(int Milliseconds, float WaitFactor, ImageOutcome Outcome);

/// <summary>One image at one moment, as an answer states it.</summary>
/// <param name="Status">The API's word for it.</param>
/// <param name="WaitSeconds">Whole seconds, rounded up; at least 1 until it has ended, then 0.</param>
/// <param name="ErrorId">Set if it ended as an error.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ImageState(string Status, int WaitSeconds, string? ErrorId)
{
    public bool Ended => WaitSeconds == 0;

    public bool Generated => Ended && ErrorId is null;
}
