using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ImageWorker.Storage.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class TraceState : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "trace_state",
                table: "requests",
                type: "TEXT",
                maxLength: 512,
                nullable: true
            );

            migrationBuilder.AddColumn<string>(
                name: "trace_state",
                table: "outbox",
                type: "TEXT",
                maxLength: 512,
                nullable: true
            );
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(name: "trace_state", table: "requests");

            migrationBuilder.DropColumn(name: "trace_state", table: "outbox");
        }
    }
}
