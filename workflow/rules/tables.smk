"""Scores from predictions; tables and figures from scores and masks. Nothing here trains."""

from tickets.tables.published import FOLDER as PUBLISHED

parts = registry.parts()
winning = files.mask(f"imp/{winning_on}")


rule metrics:
    input:
        predictions=lambda w: ancient(parts[w.part].predictions(files, design)),
        statements=lambda w: statements_of(*parts[w.part].predictions(files, design)),
    output:
        metrics=files.metrics("{part}"),
        statement=statements_of(files.metrics("{part}")),
    log:
        files.log("metrics/{part}"),
    benchmark:
        files.benchmark("metrics/{part}")
    conda:
        "../../envs/environment.yaml"
    params:
        code=lambda w: code("metrics", parts[w.part].file),
        flags=lambda w: flags.metrics(study, w.part, parts[w.part]),
    shell:
        "python {params.code.path} {params.flags} --part {wildcards.part} "
        "--output {output.metrics} 2> {log}"


# One rule for each table, with the table's name, as their files differ.
for table in registry.tables().values():
    parameters, outputs = table.values(design), table.outputs(files)
    origins = table.inputs(files, parameters, study_tables=study.tables)
    origins |= table.mask_files(files, design)
    origins |= table.loss_files(files, design)
    lines = table.line_files(files, design).values()
    published = {name: os.path.relpath(PUBLISHED / name) for name in table.published}

    rule:
        name:
            table.name
        input:
            origins=ancient([*origins.values(), *lines]),
            statements=statements_of(*origins.values(), *lines),
            published=list(published.values()),
        output:
            **reported(outputs),
            statements=statements_of(*outputs.values()),
        log:
            files.log(table.name),
        benchmark:
            files.benchmark(table.name)
        # Reading many masks takes a while.
        localrule: table.masks is None
        conda:
            "../../envs/environment.yaml"
        params:
            code=code("table", registry.file(table.name)),
            flags=flags.table(study, table, parameters, origins | published),
        shell:
            "python {params.code.path} {params.flags} 2> {log}"


rule winning_mask:
    input:
        winning=ancient(files.winning()),
        masks=lambda w: ancient(candidates(w)),
        statements=lambda w: statements_of(files.winning(), *candidates(w)),
    output:
        mask=winning,
        statement=statements_of(winning),
    log:
        files.log(f"imp/{winning_on}"),
    localrule: True
    conda:
        "../../envs/environment.yaml"
    params:
        code=code("winning_mask"),
        criterion=lambda w: names.WINNING[w.at],
        sparsities=["0", *design.sparsities],
    shell:
        "python {params.code.path} --task {wildcards.task} --criterion {params.criterion} "
        "--sparsities {params.sparsities} --masks {input.masks} --winning {input.winning} "
        "--output {output.mask} 2> {log}"
