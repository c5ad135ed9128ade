using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ImageWorker.Storage.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class RequestTurns : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<short>(
                name: "priority",
                table: "requests",
                type: "smallint",
                nullable: false,
                defaultValue: (short)1
            );

            migrationBuilder.AddColumn<string>(
                name: "tenant",
                table: "requests",
                type: "character varying(64)",
                maxLength: 64,
                nullable: false,
                defaultValue: "default"
            );

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "waiting_since",
                table: "requests",
                type: "timestamp with time zone",
                nullable: true
            );

            migrationBuilder.CreateIndex(
                name: "ix_requests_due",
                table: "requests",
                column: "next_tick_at",
                filter: "next_tick_at IS NOT NULL AND NOT (waiting_since IS NOT NULL AND state = 'Submitting')"
            );

            migrationBuilder.CreateIndex(
                name: "ix_requests_start_by",
                table: "requests",
                column: "deadline",
                filter: "waiting_since IS NOT NULL AND state = 'Submitting'"
            );

            migrationBuilder.CreateIndex(
                name: "ix_requests_turn",
                table: "requests",
                columns: new[] { "priority", "tenant", "waiting_since" },
                filter: "waiting_since IS NOT NULL AND state = 'Submitting'"
            );
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(name: "ix_requests_due", table: "requests");

            migrationBuilder.DropIndex(name: "ix_requests_start_by", table: "requests");

            migrationBuilder.DropIndex(name: "ix_requests_turn", table: "requests");

            migrationBuilder.DropColumn(name: "priority", table: "requests");

            migrationBuilder.DropColumn(name: "tenant", table: "requests");

            migrationBuilder.DropColumn(name: "waiting_since", table: "requests");
        }
    }
}
