using ImageWorker.Operations;

namespace ImageWorker.Commands.Batches;

/// <summary>How far a batch is.</summary>
/// <param name="rows">How many rows it has.</param>
/// <param name="time">For the time that is left.</param>
public sealed class BatchTally(int rows, TimeProvider time)
{
    /// <summary>The first rows take as long as a request does. Those that follow tell how fast the batch is.</summary>
    private const int First = 10;

    private int _closedNow;
    private long _firstClosedAt;
    private bool _isCostKnown = true;

    public int Rows { get; } = rows;

    public int Closed { get; private set; }

    public int FailedRows { get; private set; }

    public int Images { get; private set; }

    public int FailedImages { get; private set; }

    /// <summary>Rows whose ids were sent before with another budget or other fields.</summary>
    public int Refused { get; private set; }

    /// <summary>Pictures that were to be saved, and are not.</summary>
    public int LostPictures { get; set; }

    /// <summary>EUR of all closed rows; null if ZPK did not state one.</summary>
    public decimal? Cost => _isCostKnown ? KnownCost : null;

    /// <summary>EUR of the rows that state theirs.</summary>
    public decimal KnownCost { get; private set; }

    public bool IsDone => Closed == Rows && FailedRows == 0 && LostPictures == 0;

    /// <summary>What is not as it should be, for a batch that ran to its end; empty if all is.</summary>
    public string Problems =>
        string.Join(
            "; ",
            new[]
            {
                FailedRows > 0 ? $"{Readable.Count(FailedRows, "row")} failed" : "",
                LostPictures > 0
                    ? $"{Readable.Count(LostPictures, "picture")} not saved, the same command tries again"
                    : "",
                Refused > 0
                    ? $"{Readable.Count(Refused, "row")} sent before with another budget or other fields, and not again: give the same --max-cost for the same rows, or the result file of that run"
                    : "",
            }.Where(problem => problem.Length > 0)
        );

    /// <summary>Adds a row that is closed or was refused.</summary>
    /// <param name="result">Its result.</param>
    /// <param name="isEarlier">True if an earlier run closed it.</param>
    public void Add(BatchResult result, bool isEarlier)
    {
        if (!result.IsClosed)
        {
            Refused++;
            return;
        }
        Closed++;
        if (!isEarlier && ++_closedNow == First)
            _firstClosedAt = time.GetTimestamp();
        FailedRows += result.State is RowState.Failed ? 1 : 0;
        Images += result.Generated;
        FailedImages += result.Failed;
        _isCostKnown &= result.Cost is not null;
        KnownCost += result.Cost ?? 0;
    }

    /// <summary>Such as <c>12 of 40 rows, 31 images, 2 failed, 1.1780 EUR</c>.</summary>
    public string Sum =>
        $"{Readable.Count(Closed)} of {Readable.Count(Rows, "row")}, {Readable.Count(Images, "image")}, {Readable.Count(FailedImages)} failed, {(Cost is null ? $"at least {Readable.Cost(KnownCost)}" : Readable.Cost(Cost))} EUR";

    /// <summary>Such as <c>, 3 min left</c>; empty as long as nobody can know.</summary>
    public string TimeLeft =>
        _closedNow < 2 * First || Closed == Rows
            ? ""
            : $", {Readable.Span(time.GetElapsedTime(_firstClosedAt) / (_closedNow - First) * (Rows - Closed))} left";
}
