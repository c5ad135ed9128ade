using ImageWorker.Requests;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ImageWorker.Storage;

public sealed class ImageRequestMap(string jsonColumnType) : IEntityTypeConfiguration<ImageRequest>
{
    /// <summary>The longest <c>tracestate</c> that is kept, in characters: the least that the W3C asks for.</summary>
    public const int MaxTraceState = 512;

    public void Configure(EntityTypeBuilder<ImageRequest> builder)
    {
        builder.ToTable("requests");
        builder.HasKey(request => request.CorrelationId);
        builder.Property(request => request.CorrelationId).HasColumnName("id").ValueGeneratedNever();
        builder.Property(request => request.State).HasMaxLength(16);
        builder.Property(request => request.Version).IsConcurrencyToken();
        builder.Property(request => request.TraceState).HasMaxLength(MaxTraceState);
        builder.Property(request => request.Reason).HasConversion<string>().HasMaxLength(32);
        builder.Property(request => request.Command).HasJsonConversion(jsonColumnType);
        builder.Property(request => request.Images).HasJsonConversion(jsonColumnType);
        builder.Property(request => request.Submissions).HasJsonConversion(jsonColumnType);
        builder.Property(request => request.Errors).HasJsonConversion(jsonColumnType);
        builder.Property(request => request.Warnings).HasJsonConversion(jsonColumnType);
        builder.Property(request => request.Model).HasMaxLength(32);
        builder.Property(request => request.MetadataValue).HasMaxLength(SearchableMetadata.Longest);
        builder.Property(request => request.Askers).HasJsonConversion(jsonColumnType);
        builder.Property(request => request.Webhook).HasJsonConversion(jsonColumnType);
        builder.Property(request => request.Tenant).HasMaxLength(64).HasDefaultValue(RequestTurns.NoTenant);
        builder
            .Property(request => request.Priority)
            .HasConversion<short>()
            .HasDefaultValue(RequestPriority.Normal)
            .HasSentinel((RequestPriority)(-1));
        // In time nearly all requests are closed. They stay out of the index for claiming timers. So do those that wait
        // for their turns. The first index is for workers of the version before, which know no turns.
        builder.HasIndex(request => request.NextTickAt).HasFilter("next_tick_at IS NOT NULL");
        builder
            .HasIndex(request => request.NextTickAt, "ix_requests_due")
            .HasFilter($"next_tick_at IS NOT NULL AND NOT ({WaitingRequests.Condition})");
        builder
            .HasIndex(
                request => new
                {
                    request.Priority,
                    request.Tenant,
                    request.WaitingSince,
                },
                "ix_requests_turn"
            )
            .HasFilter(WaitingRequests.Condition);
        builder.HasIndex(request => request.Deadline, "ix_requests_start_by").HasFilter(WaitingRequests.Condition);
        builder.HasIndex(request => request.ClosedAt).HasFilter("closed_at IS NOT NULL");
        // What operators search for among many closed requests. Failures are few.
        builder
            .HasIndex(request => new { request.Tenant, request.ClosedAt }, "ix_requests_closed_tenant")
            .HasFilter("closed_at IS NOT NULL");
        builder
            .HasIndex(request => new { request.Reason, request.ClosedAt }, "ix_requests_closed_reason")
            .HasFilter("closed_at IS NOT NULL AND reason IS NOT NULL");
        builder
            .HasIndex(request => request.ClosedAt, "ix_requests_closed_errors")
            .HasFilter("closed_at IS NOT NULL AND image_errors IS NOT NULL");
        builder
            .HasIndex(request => new { request.MetadataValue, request.ClosedAt }, "ix_requests_metadata")
            .HasFilter("metadata_value IS NOT NULL");
        // Cancellations whose command never came.
        builder.HasIndex(request => request.RequestedAt).HasFilter("closed_at IS NULL AND next_tick_at IS NULL");
    }
}

public sealed class SubmissionEntryMap : IEntityTypeConfiguration<SubmissionEntry>
{
    public void Configure(EntityTypeBuilder<SubmissionEntry> builder)
    {
        builder.ToTable("submissions");
        builder.Property(entry => entry.Id).HasMaxLength(16);
        builder.Property(entry => entry.State).HasConversion<string>().HasMaxLength(16);
        // A process that takes a submission over gives it another lease.
        builder.Property(entry => entry.LeaseUntil).IsConcurrencyToken();

        builder.HasIndex(entry => entry.RequestId);
        // Calls under way and calls in doubt are few, and are counted often.
        builder.HasIndex(entry => entry.LeaseUntil).HasFilter($"state = '{nameof(LedgerState.Started)}'");
    }
}

public sealed class PaceRowMap : IEntityTypeConfiguration<PaceRow>
{
    public void Configure(EntityTypeBuilder<PaceRow> builder)
    {
        builder.ToTable("submission_pace");
        builder.Property(row => row.Id).ValueGeneratedNever();
        builder.HasData(new PaceRow { Id = PaceRow.OnlyId, NextAt = DateTimeOffset.UnixEpoch });
    }
}

public sealed class CallPaceRowMap : IEntityTypeConfiguration<CallPaceRow>
{
    public void Configure(EntityTypeBuilder<CallPaceRow> builder)
    {
        builder.ToTable("call_pace");
        builder.Property(row => row.Id).ValueGeneratedNever();
        builder.HasData(new CallPaceRow { Id = CallPaceRow.OnlyId });
    }
}

public sealed class TimelineRowMap : IEntityTypeConfiguration<TimelineRow>
{
    public void Configure(EntityTypeBuilder<TimelineRow> builder)
    {
        builder.ToTable("database_timeline");
        builder.Property(row => row.Id).ValueGeneratedNever();
        builder.HasData(new TimelineRow { Id = TimelineRow.OnlyId });
    }
}

public sealed class CostRowMap : IEntityTypeConfiguration<CostRow>
{
    public void Configure(EntityTypeBuilder<CostRow> builder)
    {
        builder.ToTable("costs");
        builder.HasKey(row => new
        {
            row.Day,
            row.Model,
            row.Quality,
            row.Tenant,
            row.Outcome,
            row.Slot,
        });
        builder.Property(row => row.Model).HasMaxLength(32);
        builder.Property(row => row.Quality).HasMaxLength(32);
        builder.Property(row => row.Tenant).HasMaxLength(64);
        builder.Property(row => row.Outcome).HasMaxLength(32);
        // Rows that are still to be settled are few.
        builder.HasIndex(row => row.Day).HasFilter("slot <> 0");
    }
}

public sealed class AuditRowMap : IEntityTypeConfiguration<AuditRow>
{
    /// <summary>The longest text of an operator that is kept, in characters.</summary>
    public const int LongestText = 1000;

    public void Configure(EntityTypeBuilder<AuditRow> builder)
    {
        builder.ToTable("audit");
        builder.Property(row => row.Id).ValueGeneratedNever();
        builder.Property(row => row.Operator).HasMaxLength(128);
        builder.Property(row => row.Action).HasMaxLength(64);
        builder.Property(row => row.Target).HasMaxLength(LongestText);
        builder.Property(row => row.Reason).HasMaxLength(LongestText);
        builder.Property(row => row.Result).HasMaxLength(LongestText);
        builder.HasIndex(row => row.At);
    }
}

public sealed class TenantPaceRowMap : IEntityTypeConfiguration<TenantPaceRow>
{
    public void Configure(EntityTypeBuilder<TenantPaceRow> builder)
    {
        builder.ToTable("tenant_pace");
        builder.HasKey(row => row.Tenant);
        builder.Property(row => row.Tenant).HasMaxLength(64);
    }
}

public sealed class OutboxMessageMap : IEntityTypeConfiguration<OutboxMessage>
{
    public void Configure(EntityTypeBuilder<OutboxMessage> builder)
    {
        builder.ToTable("outbox");
        builder.Property(message => message.Id).ValueGeneratedNever();
        builder.Property(message => message.TraceState).HasMaxLength(ImageRequestMap.MaxTraceState);
        builder.HasIndex(message => message.ClaimableAt);
    }
}

public sealed class RemovedRequestMap : IEntityTypeConfiguration<RemovedRequest>
{
    public void Configure(EntityTypeBuilder<RemovedRequest> builder)
    {
        // The table has had this name from the start.
        builder.ToTable("inbox");
        builder.HasKey(entry => entry.RequestId);
        builder.Property(entry => entry.RequestId).ValueGeneratedNever();
        builder.HasIndex(entry => entry.RemovedAt);
    }
}
