using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ImageWorker.Storage.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class Webhook : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(name: "webhook", table: "requests", type: "TEXT", nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(name: "webhook", table: "requests");
        }
    }
}
