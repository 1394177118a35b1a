"""Iterative magnitude pruning: train a ticket, prune, rewind, and again (paper, Algorithm 1)."""

rewound = files.weights("theta_i/{task}/rewind-{rewind}/seed-{seed}")
found = files.mask(paths.imp("{task}", "{rewind}", "{seed}", "{sparsity}"))
trained = files.trained("{weights}/{mask}/on-{task}/seed-{seed}")
predictions = files.predictions("{weights}/{mask}/on-{task}/seed-{seed}")


rule prune:
    input:
        weights=lambda w: files.trained(design.scored_by(*w)),
        parent=lambda w: ancient(files.mask(design.before(*w))),
        statements=lambda w: stated(
            files.trained(design.scored_by(*w)), files.mask(design.before(*w))
        ),
        code=code("prune"),
    output:
        mask=found,
        statement=stated(found),
    log:
        files.log(paths.imp("{task}", "{rewind}", "{seed}", "{sparsity}")),
    conda:
        "../../envs/environment.yaml"
    params:
        round=lambda w: design.round(w.sparsity),
    shell:
        "python {input.code[0]} --finder imp --task {wildcards.task} --seed {wildcards.seed} "
        "--rewind {wildcards.rewind} --round {params.round} --sparsity {wildcards.sparsity} "
        "--weights {input.weights} --parent {input.parent} --output {output.mask} > {log} 2>&1"


rule rewind:
    input:
        theta=ancient(files.weights("{weights}")),
        mask=ancient(files.mask("{mask}")),
        statements=stated(files.weights("{weights}"), files.mask("{mask}")),
        code=code("rewind"),
    output:
        ticket=temp(files.ticket("{weights}", "{mask}")),
        statement=temp(stated(files.ticket("{weights}", "{mask}"))),
    log:
        files.log("tickets/{weights}/{mask}"),
    conda:
        "../../envs/environment.yaml"
    shell:
        "python {input.code[0]} --theta {input.theta} --mask {input.mask} "
        "--output {output.ticket} 2> {log}"


rule train:
    input:
        **encoded("train", "validation"),
        # Made again whenever a training asks for it: what it is made of decides, not its age.
        ticket=ancient(files.ticket("{weights}", "{mask}")),
        ticket_statement=ancient(stated(files.ticket("{weights}", "{mask}"))),
        mask=ancient(files.mask("{mask}")),
        data=ancient(files.data("{task}", "validation")),
        statements=stated(
            files.weights("{weights}"),
            files.mask("{mask}"),
            files.encoded("{task}", "train"),
            files.encoded("{task}", "validation"),
        ),
        model=files.configuration(),
        code=code("train"),
    output:
        predictions=predictions,
        predictions_statement=stated(predictions),
        trained=temp(trained),
        trained_statement=temp(stated(trained)),
    log:
        files.log("trainings/{weights}/{mask}/on-{task}/seed-{seed}"),
    benchmark:
        files.benchmark("trainings/{weights}/{mask}/on-{task}/seed-{seed}")
    conda:
        "../../envs/environment.yaml"
    threads: study.threads
    resources:
        **training_resources,
    params:
        recipe=lambda w: flags.recipe(study, study.tasks[w.task]),
        begin=lambda w: paths.rewind_of(w.weights),
        model=folder_of_model,
        checkpoints=files.checkpoints("{weights}/{mask}/on-{task}/seed-{seed}"),
    shell:
        "python {input.code[0]} {params.recipe} --seed {wildcards.seed} "
        "--from-percent {params.begin} --ticket {input.ticket} --mask {input.mask} "
        "--model {params.model} --train {input.train} --validation {input.validation} "
        "--data {input.data} --predictions {output.predictions} --trained {output.trained} "
        "--checkpoints {params.checkpoints} "
        "--checkpoint-minutes {resources.checkpoint_minutes} "
        "--trainings-per-gpu {resources.trainings_per_gpu} 2> {log}"


rule theta_i:
    input:
        **encoded("train"),
        ticket=ancient(files.weights("theta_0")),
        mask=ancient(files.mask("dense")),
        statements=stated(
            files.weights("theta_0"), files.mask("dense"), files.encoded("{task}", "train")
        ),
        model=files.configuration(),
        code=code("train"),
    output:
        weights=rewound,
        statement=stated(rewound),
    log:
        files.log("theta_i/{task}/rewind-{rewind}/seed-{seed}"),
    benchmark:
        files.benchmark("theta_i/{task}/rewind-{rewind}/seed-{seed}")
    conda:
        "../../envs/environment.yaml"
    threads: study.threads
    resources:
        **training_resources,
    params:
        recipe=lambda w: flags.recipe(study, study.tasks[w.task]),
        model=folder_of_model,
        checkpoints=files.checkpoints("theta_i/{task}/rewind-{rewind}/seed-{seed}"),
    shell:
        "python {input.code[0]} {params.recipe} --seed {wildcards.seed} "
        "--to-percent {wildcards.rewind} --ticket {input.ticket} --mask {input.mask} "
        "--model {params.model} --train {input.train} --trained {output.weights} "
        "--checkpoints {params.checkpoints} "
        "--checkpoint-minutes {resources.checkpoint_minutes} "
        "--trainings-per-gpu {resources.trainings_per_gpu} 2> {log}"
