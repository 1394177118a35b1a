"""Every other table and figure of the paper: made from scores and masks; nothing here trains."""

winners = made("winning_sparsities", "table")
winning = files.mask(f"imp/{winning_on}")
won = made("winning_tickets", "table", "text")
swept = made("sparsity_sweep", "table", "svg", "png")
rewound_to = made("rewinding", "table", "text", "svg", "png")
varied = made("transfer_variants", "table")
ranked = made("transferability", "table")
overlapping = made("mask_overlap", "table", "svg", "png")
layered = made("layer_sparsity", "table", "svg", "png")
tabled = made("{name}", "table", "svg", "png")
judged = made("versus_paper", "table", "text")
compared_masks = [files.mask(mask) for mask in experiments.compared_masks(design)]
curved = made("{figure}", "svg", "png")
curves = {"transferability": "transferability", "transfer_sweep": "transfer_variants"}


rule winning_sparsity:
    input:
        **scores("tickets"),
        code=code("winning_sparsity"),
    output:
        **reported(winners),
        statements=stated(*winners.values()),
    log:
        files.log("winning_sparsity"),
    localrule: True
    conda:
        "../../envs/environment.yaml"
    params:
        flags=flags.rounds(study),
    shell:
        "python {input.code[0]} {params.flags} --metrics {input.metrics} "
        "--table {output.table} 2> {log}"


rule winning_mask:
    input:
        winning=ancient(files.winning()),
        masks=lambda w: ancient(candidates(w)),
        statements=lambda w: stated(files.winning(), *candidates(w)),
        code=code("winning_mask"),
    output:
        mask=winning,
        statement=stated(winning),
    log:
        files.log(f"imp/{winning_on}"),
    localrule: True
    conda:
        "../../envs/environment.yaml"
    params:
        criterion=lambda w: names.WINNING[w.at],
        sparsities=["0", *design.sparsities],
    shell:
        "python {input.code[0]} --task {wildcards.task} --criterion {params.criterion} "
        "--sparsities {params.sparsities} --masks {input.masks} --winning {input.winning} "
        "--output {output.mask} 2> {log}"


rule winning_tickets:
    input:
        **scores("winning_tickets"),
        winning=ancient(files.winning()),
        winning_statement=stated(files.winning()),
        code=code("winning_tickets"),
    output:
        **reported(won),
        statements=stated(*won.values()),
    log:
        files.log("winning_tickets"),
    localrule: True
    conda:
        "../../envs/environment.yaml"
    params:
        flags=flags.cells(study),
    shell:
        "python {input.code[0]} {params.flags} --metrics {input.metrics} "
        "--winning-sparsities {input.winning} --table {output.table} --text {output.text} 2> {log}"


rule sparsity_sweep:
    input:
        **scores("sweep"),
        code=code("sparsity_sweep"),
    output:
        **reported(swept),
        statements=stated(*swept.values()),
    log:
        files.log("sparsity_sweep"),
    localrule: True
    conda:
        "../../envs/environment.yaml"
    params:
        flags=flags.rounds(study),
        finders=study.sweep,
    shell:
        "python {input.code[0]} {params.flags} --finders {params.finders} "
        "--metrics {input.metrics} --table {output.table} "
        "--svg {output.svg} --png {output.png} 2> {log}"


rule rewinding:
    input:
        **scores("rewinding"),
        code=code("rewinding"),
    output:
        **reported(rewound_to),
        statements=stated(*rewound_to.values()),
    log:
        files.log("rewinding"),
    localrule: True
    conda:
        "../../envs/environment.yaml"
    params:
        flags=flags.rewinding(study),
    shell:
        "python {input.code[0]} {params.flags} --metrics {input.metrics} --table {output.table} "
        "--text {output.text} --svg {output.svg} --png {output.png} 2> {log}"


rule transfer_variants:
    input:
        **scores("transfer_variants"),
        winning=ancient(files.winning()),
        winning_statement=stated(files.winning()),
        code=code("transfer_variants"),
    output:
        **reported(varied),
        statements=stated(*varied.values()),
    log:
        files.log("transfer_variants"),
    localrule: True
    conda:
        "../../envs/environment.yaml"
    params:
        flags=flags.variants(study),
    shell:
        "python {input.code[0]} {params.flags} --metrics {input.metrics} "
        "--winning-sparsities {input.winning} --table {output.table} 2> {log}"


rule transferability:
    input:
        **scores("transferability"),
        data=ancient([files.data(task, "train") for task in study.tasks]),
        data_statements=stated(*(files.data(task, "train") for task in study.tasks)),
        code=code("transferability"),
    output:
        **reported(ranked),
        statements=stated(*ranked.values()),
    log:
        files.log("transferability"),
    localrule: True
    conda:
        "../../envs/environment.yaml"
    params:
        flags=flags.transferability(study),
        examples=lambda w, input: [
            f"{task}={file}" for task, file in zip(study.tasks, input.data, strict=True)
        ],
    shell:
        "python {input.code[0]} {params.flags} --examples {params.examples} "
        "--metrics {input.metrics} --table {output.table} 2> {log}"


rule mask_table:
    input:
        masks=ancient(compared_masks),
        statements=stated(*compared_masks),
        code=code("mask_table"),
    output:
        **reported(tabled),
        statements=stated(*tabled.values()),
    log:
        files.log("{name}"),
    benchmark:
        files.benchmark("{name}")
    wildcard_constraints:
        name="mask_overlap|layer_sparsity",
    conda:
        "../../envs/environment.yaml"
    params:
        flags=flags.flags({"results": study.results}),
    shell:
        "python {input.code[0]} {params.flags} --name {wildcards.name} --masks {input.masks} "
        "--table {output.table} --svg {output.svg} --png {output.png} 2> {log}"


rule versus_paper:
    input:
        winning_tickets=ancient(files.table("winning_tickets")),
        sparsity_sweep=ancient(files.table("sparsity_sweep")),
        rewinding=ancient(files.table("rewinding")),
        transfer=ancient(files.table("transfer")),
        transfer_variants=ancient(files.table("transfer_variants")),
        transferability=ancient(files.table("transferability")),
        statements=stated(
            *map(
                files.table,
                (
                    "winning_tickets",
                    "sparsity_sweep",
                    "rewinding",
                    "transfer",
                    "transfer_variants",
                    "transferability",
                ),
            )
        ),
        published=published,
        code=code("versus_paper"),
    output:
        **reported(judged),
        statements=stated(*judged.values()),
    log:
        files.log("versus_paper"),
    localrule: True
    conda:
        "../../envs/environment.yaml"
    params:
        flags=flags.flags({"mlm_tasks": design.mlm} if design.mlm else {}),
        published=lambda w, input: os.path.dirname(input.published[0]),
    shell:
        "python {input.code[0]} {params.flags} --published {params.published} "
        "--winning-tickets {input.winning_tickets} --sparsity-sweep {input.sparsity_sweep} "
        "--rewinding {input.rewinding} --transfer {input.transfer} "
        "--transfer-variants {input.transfer_variants} "
        "--transferability {input.transferability} "
        "--table {output.table} --text {output.text} 2> {log}"


rule curve:
    input:
        table=lambda w: ancient(files.table(curves[w.figure])),
        statements=lambda w: stated(files.table(curves[w.figure])),
        code=code("curve"),
    output:
        **reported(curved),
        statements=stated(*curved.values()),
    log:
        files.log("curve/{figure}"),
    wildcard_constraints:
        figure="|".join(curves),
    localrule: True
    conda:
        "../../envs/environment.yaml"
    shell:
        "python {input.code[0]} --figure {wildcards.figure} --table {input.table} "
        "--svg {output.svg} --png {output.png} 2> {log}"
