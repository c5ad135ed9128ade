using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ImageWorker.Storage.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class DatabaseTimeline : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "database_timeline",
                columns: table => new
                {
                    id = table.Column<int>(type: "INTEGER", nullable: false),
                    system_id = table.Column<string>(type: "TEXT", nullable: false),
                    timeline = table.Column<string>(type: "TEXT", nullable: false),
                    forgot_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    look_up_until = table.Column<DateTime>(type: "TEXT", nullable: true),
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_database_timeline", x => x.id);
                }
            );

            migrationBuilder.InsertData(
                table: "database_timeline",
                columns: new[] { "id", "forgot_at", "look_up_until", "system_id", "timeline" },
                values: new object[] { 1, null, null, "", "" }
            );
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(name: "database_timeline");
        }
    }
}
