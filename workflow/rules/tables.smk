"""Scores from predictions, and every table and its figure; nothing here trains."""

parts = registry.parts()
winning = files.mask(paths.winning("{task}", "{rewind}", "{seed}", "{at}"))


rule metrics:
    input:
        predictions=lambda w: ancient(parts[w.part].predictions(files, design)),
        statements=lambda w: stated(*parts[w.part].predictions(files, design)),
        code=lambda w: code("metrics", parts[w.part].trainings.__module__),
    output:
        metrics=files.metrics("{part}"),
        statement=stated(files.metrics("{part}")),
    log:
        files.log("metrics/{part}"),
    benchmark:
        files.benchmark("metrics/{part}")
    conda:
        "../../envs/environment.yaml"
    params:
        flags=lambda w: flags.metrics(study, parts[w.part]),
    shell:
        "python {input.code[0]} {params.flags} --part {wildcards.part} "
        "--output {output.metrics} 2> {log}"


# One rule a table, under the table's name, as each has other files.
for table in registry.tables().values():
    parameters, outputs = table.values(design), table.outputs(files)
    origins = table.inputs(files, parameters) | table.mask_files(files, design)
    published = {
        name: os.path.relpath(ROOT / "resources" / "published" / name) for name in table.published
    }

    rule:
        name:
            table.name
        input:
            origins=ancient(list(origins.values())),
            statements=stated(*origins.values()),
            published=list(published.values()),
            code=code("table", registry.module(table.name)),
        output:
            **reported(outputs),
            statements=stated(*outputs.values()),
        log:
            files.log(table.name),
        benchmark:
            files.benchmark(table.name)
        # Many masks take a while to read.
        localrule: table.masks is None
        conda:
            "../../envs/environment.yaml"
        params:
            flags=flags.table(study, table.name, parameters, origins | published),
        shell:
            "python {input.code[0]} {params.flags} 2> {log}"


rule winning_mask:
    input:
        winning=ancient(files.winning()),
        masks=lambda w: ancient(list(map(files.mask, experiments.candidates(design, *w[:3])))),
        statements=lambda w: stated(
            files.winning(), *map(files.mask, experiments.candidates(design, *w[:3]))
        ),
        code=code("winning_mask"),
    output:
        mask=winning,
        statement=stated(winning),
    log:
        files.log(paths.winning("{task}", "{rewind}", "{seed}", "{at}")),
    localrule: True
    conda:
        "../../envs/environment.yaml"
    params:
        criterion=lambda w: paths.WINNING[w.at],
        sparsities=["0", *design.sparsities],
    shell:
        "python {input.code[0]} --task {wildcards.task} --criterion {params.criterion} "
        "--sparsities {params.sparsities} --masks {input.masks} --winning {input.winning} "
        "--output {output.mask} 2> {log}"
