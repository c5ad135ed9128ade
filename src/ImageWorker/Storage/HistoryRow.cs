using ImageWorker.Requests;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ImageWorker.Storage;

/// <summary>What one worker counted in one step of time, for plots. Rows go with their age, so there are few.</summary>
public sealed class HistoryRow
{
    public HistorySpan Span { get; set; }

    /// <summary>The beginning of the step.</summary>
    public DateTimeOffset At { get; set; }

    /// <summary>The worker's process.</summary>
    public Guid Worker { get; set; }

    /// <summary><see cref="HistoryCounts"/> as JSON.</summary>
    public string Counts { get; set; } = "";
}

/// <summary>How far a plot looks back. The numbers are stored.</summary>
public enum HistorySpan
{
    /// <summary>By the minute.</summary>
    Hour = 0,

    /// <summary>By quarters of an hour.</summary>
    Day = 1,

    /// <summary>By quarters of a day.</summary>
    Month = 2,
}

public sealed class HistoryRowMap : IEntityTypeConfiguration<HistoryRow>
{
    public void Configure(EntityTypeBuilder<HistoryRow> builder)
    {
        builder.ToTable("history");
        builder.HasKey(row => new
        {
            row.Span,
            row.At,
            row.Worker,
        });
        builder.Property(row => row.Span).HasConversion<short>();
    }
}
