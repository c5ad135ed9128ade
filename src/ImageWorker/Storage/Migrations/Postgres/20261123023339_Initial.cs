using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ImageWorker.Storage.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "inbox",
                columns: table => new
                {
                    request_id = table.Column<Guid>(type: "uuid", nullable: false),
                    removed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_inbox", x => x.request_id);
                }
            );

            migrationBuilder.CreateTable(
                name: "outbox",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    message_id = table.Column<Guid>(type: "uuid", nullable: false),
                    destination = table.Column<string>(type: "text", nullable: false),
                    content_type = table.Column<string>(type: "text", nullable: false),
                    body = table.Column<string>(type: "text", nullable: false),
                    correlation_id = table.Column<Guid>(type: "uuid", nullable: true),
                    trace_parent = table.Column<string>(type: "text", nullable: true),
                    claimable_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    attempts = table.Column<int>(type: "integer", nullable: false),
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_outbox", x => x.id);
                }
            );

            migrationBuilder.CreateTable(
                name: "requests",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    state = table.Column<string>(type: "character varying(16)", maxLength: 16, nullable: false),
                    version = table.Column<int>(type: "integer", nullable: false),
                    command = table.Column<string>(type: "json", nullable: true),
                    trace_parent = table.Column<string>(type: "text", nullable: true),
                    requested_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    deadline = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    next_tick_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    close_by = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    closed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    reason = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: true),
                    errors = table.Column<string>(type: "json", nullable: false),
                    images = table.Column<string>(type: "json", nullable: false),
                    submissions = table.Column<string>(type: "json", nullable: false),
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_requests", x => x.id);
                }
            );

            migrationBuilder.CreateTable(
                name: "submission_pace",
                columns: table => new
                {
                    id = table.Column<int>(type: "integer", nullable: false),
                    next_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_submission_pace", x => x.id);
                }
            );

            migrationBuilder.CreateTable(
                name: "submissions",
                columns: table => new
                {
                    id = table.Column<string>(type: "character varying(16)", maxLength: 16, nullable: false),
                    request_id = table.Column<Guid>(type: "uuid", nullable: false),
                    state = table.Column<string>(type: "character varying(16)", maxLength: 16, nullable: false),
                    owner = table.Column<Guid>(type: "uuid", nullable: false),
                    lease_until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    started_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    calls = table.Column<int>(type: "integer", nullable: false),
                    settled_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    provider_id = table.Column<string>(type: "text", nullable: true),
                    cost = table.Column<decimal>(type: "numeric", nullable: true),
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_submissions", x => x.id);
                }
            );

            migrationBuilder.InsertData(
                table: "submission_pace",
                columns: new[] { "id", "next_at" },
                values: new object[]
                {
                    1,
                    new DateTimeOffset(
                        new DateTime(1970, 1, 1, 0, 0, 0, 0, DateTimeKind.Unspecified),
                        new TimeSpan(0, 0, 0, 0, 0)
                    ),
                }
            );

            migrationBuilder.CreateIndex(name: "ix_inbox_removed_at", table: "inbox", column: "removed_at");

            migrationBuilder.CreateIndex(name: "ix_outbox_claimable_at", table: "outbox", column: "claimable_at");

            migrationBuilder.CreateIndex(
                name: "ix_requests_closed_at",
                table: "requests",
                column: "closed_at",
                filter: "closed_at IS NOT NULL"
            );

            migrationBuilder.CreateIndex(
                name: "ix_requests_next_tick_at",
                table: "requests",
                column: "next_tick_at",
                filter: "next_tick_at IS NOT NULL"
            );

            migrationBuilder.CreateIndex(
                name: "ix_requests_requested_at",
                table: "requests",
                column: "requested_at",
                filter: "closed_at IS NULL AND next_tick_at IS NULL"
            );

            migrationBuilder.CreateIndex(
                name: "ix_submissions_lease_until",
                table: "submissions",
                column: "lease_until",
                filter: "state = 'Started'"
            );

            migrationBuilder.CreateIndex(name: "ix_submissions_request_id", table: "submissions", column: "request_id");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(name: "inbox");

            migrationBuilder.DropTable(name: "outbox");

            migrationBuilder.DropTable(name: "requests");

            migrationBuilder.DropTable(name: "submission_pace");

            migrationBuilder.DropTable(name: "submissions");
        }
    }
}
