using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ImageWorker.Storage.Migrations.Postgres
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
                    day = table.Column<DateOnly>(type: "date", nullable: false),
                    model = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    quality = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    tenant = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false),
                    outcome = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    slot = table.Column<short>(type: "smallint", nullable: false),
                    requests = table.Column<long>(type: "bigint", nullable: false),
                    images = table.Column<long>(type: "bigint", nullable: false),
                    cost = table.Column<decimal>(type: "numeric", nullable: false),
                    wasted = table.Column<decimal>(type: "numeric", nullable: false),
                    unknown = table.Column<long>(type: "bigint", nullable: false),
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
