using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ImageWorker.Storage.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class Costs : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "costs",
                columns: table => new
                {
                    day = table.Column<DateOnly>(type: "TEXT", nullable: false),
                    model = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    quality = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    tenant = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    outcome = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    slot = table.Column<short>(type: "INTEGER", nullable: false),
                    requests = table.Column<long>(type: "INTEGER", nullable: false),
                    images = table.Column<long>(type: "INTEGER", nullable: false),
                    cost = table.Column<decimal>(type: "TEXT", nullable: false),
                    wasted = table.Column<decimal>(type: "TEXT", nullable: false),
                    unknown = table.Column<long>(type: "INTEGER", nullable: false),
                },
                constraints: table =>
                {
                    table.PrimaryKey(
                        "pk_costs",
                        x => new
                        {
                            x.day,
                            x.model,
                            x.quality,
                            x.tenant,
                            x.outcome,
                            x.slot,
                        }
                    );
                }
            );

            migrationBuilder.CreateIndex(name: "ix_costs_day", table: "costs", column: "day", filter: "slot <> 0");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(name: "costs");
        }
    }
}
