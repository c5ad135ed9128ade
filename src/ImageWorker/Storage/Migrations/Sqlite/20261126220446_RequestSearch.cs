using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ImageWorker.Storage.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class RequestSearch : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<decimal>(name: "cost", table: "requests", type: "TEXT", nullable: true);

            migrationBuilder.AddColumn<string>(name: "image_errors", table: "requests", type: "TEXT", nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "metadata_value",
                table: "requests",
                type: "TEXT",
                maxLength: 200,
                nullable: true
            );

            migrationBuilder.AddColumn<string>(
                name: "model",
                table: "requests",
                type: "TEXT",
                maxLength: 32,
                nullable: true
            );

            migrationBuilder.CreateIndex(
                name: "ix_requests_closed_errors",
                table: "requests",
                column: "closed_at",
                filter: "closed_at IS NOT NULL AND image_errors IS NOT NULL"
            );

            migrationBuilder.CreateIndex(
                name: "ix_requests_closed_reason",
                table: "requests",
                columns: new[] { "reason", "closed_at" },
                filter: "closed_at IS NOT NULL AND reason IS NOT NULL"
            );

            migrationBuilder.CreateIndex(
                name: "ix_requests_closed_tenant",
                table: "requests",
                columns: new[] { "tenant", "closed_at" },
                filter: "closed_at IS NOT NULL"
            );

            migrationBuilder.CreateIndex(
                name: "ix_requests_metadata",
                table: "requests",
                columns: new[] { "metadata_value", "closed_at" },
                filter: "metadata_value IS NOT NULL"
            );
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(name: "ix_requests_closed_errors", table: "requests");

            migrationBuilder.DropIndex(name: "ix_requests_closed_reason", table: "requests");

            migrationBuilder.DropIndex(name: "ix_requests_closed_tenant", table: "requests");

            migrationBuilder.DropIndex(name: "ix_requests_metadata", table: "requests");

            migrationBuilder.DropColumn(name: "cost", table: "requests");

            migrationBuilder.DropColumn(name: "image_errors", table: "requests");

            migrationBuilder.DropColumn(name: "metadata_value", table: "requests");

            migrationBuilder.DropColumn(name: "model", table: "requests");
        }
    }
}
