"""Iterative magnitude pruning: train a ticket, prune, rewind, repeat (paper, Algorithm 1); standard
pruning, which does not rewind; and pruning by the movement that a training gathers.
"""

early = files.weights("theta_i/{task}/rewind-{rewind}/seed-{seed}")
pruned = files.mask("{mask}")
start = files.weights("{weights}")
trained = files.trained(names.TRAINING)
movement = files.movement(names.TRAINING)
predictions = files.predictions(names.TRAINING)


rule prune:
    input:
        weights=lambda w: ancient(dag.file_of_scores(files, design, mask_of(w))),
        parent=lambda w: ancient(files.mask(design.before(mask_of(w)))),
        theta_0=lambda w: ancient(compared_with(w)),
        statements=lambda w: statements_of(
            dag.file_of_scores(files, design, mask_of(w)),
            files.mask(design.before(mask_of(w))),
            *compared_with(w),
        ),
    output:
        mask=pruned,
        statement=statements_of(pruned),
    log:
        files.log("{mask}"),
    wildcard_constraints:
        mask=forms(filter(finder.is_round, axes.names("procedures"))),
    # Before trainings: the final weights of the last one, as large as the model, are then deleted.
    priority: 1
    group:
        lambda w: submission(design.decided_by(mask_of(w)))
    conda:
        "../../envs/environment.yaml"
    params:
        code=finding_code,
        flags=flags_of_round,
    shell:
        "python {params.code.path} {params.flags} --weights {input.weights} "
        "--parent {input.parent} --output {output.mask} > {log} 2>&1"


rule round_start:
    input:
        files=lambda w: ancient(list(files_of_round(w).values())),
        statements=lambda w: statements_of(*files_of_round(w).values()),
    output:
        weights=temp(start),
        statement=temp(statements_of(start)),
    log:
        files.log("{weights}"),
    wildcard_constraints:
        weights=names.ROUND_START,
    localrule: True
    conda:
        "../../envs/environment.yaml"
    params:
        code=code("round_start"),
        flags=lambda w, input: flags.flags(dict(zip(files_of_round(w), input.files))),
    shell:
        "python {params.code.path} {params.flags} --output {output.weights} 2> {log}"


rule rewind:
    input:
        theta=lambda w: ancient(dag.file_of_weights(files, design, weights_of(w))),
        mask=ancient(files.mask("{mask}")),
        statements=lambda w: statements_of(
            dag.file_of_weights(files, design, weights_of(w)), files.mask(w.mask)
        ),
    output:
        ticket=files.ticket("{weights}", "{mask}"),
        statement=statements_of(files.ticket("{weights}", "{mask}")),
    log:
        files.log("tickets/{weights}/{mask}"),
    # Not grouped with the training: when that is tried again, the ticket and its checkpoints stay.
    localrule: True
    conda:
        "../../envs/environment.yaml"
    params:
        code=code("rewind"),
    shell:
        "python {params.code.path} --theta {input.theta} --mask {input.mask} "
        "--output {output.ticket} 2> {log}"


rule train:
    input:
        **encoded("train", "validation"),
        ticket=lambda w: ancient(files.ticket(*training_of(w).ticket)),
        theta=lambda w: ancient(dag.file_of_weights(files, design, weights_of(w))),
        mask=ancient(files.mask("{mask}")),
        data=ancient(files.data("{task}", "validation")),
        before=lambda w: ancient(end_before(w)),
        statements=lambda w: statements_of(
            *end_before(w),
            files.ticket(*training_of(w).ticket),
            dag.file_of_weights(files, design, weights_of(w)),
            *([files.mask(w.mask)] if w.meaning else []),  # no part of its ticket
            files.encoded(w.task, "train"),
            files.encoded(w.task, "validation"),
        ),
        model=files.configuration(),
    output:
        predictions=predictions,
        predictions_statement=statements_of(predictions),
        trained=unless_kept(trained),
        trained_statement=unless_kept(statements_of(trained)),
    # Appended to, as later attempts resume earlier ones, and may overlap.
    log:
        files.log(f"trainings/{names.TRAINING}"),
    benchmark:
        files.benchmark(f"trainings/{names.TRAINING}")
    group:
        lambda w: submission(training_of(w))
    conda:
        "../../envs/environment.yaml"
    threads: study.threads
    resources:
        **training_resources,
        events=lambda w: events(training_of(w)),
    params:
        code=code("train"),
        recipe=recipe_of,
        begin=lambda w: weights_of(w).progress_on(w.task),
        model=folder_of_model,
        checkpoints=files.checkpoints(names.TRAINING),
    shell:
        "python {params.code.path} {params.recipe} --seed {wildcards.seed} "
        "--from-percent {params.begin} "
        "--ticket {input.ticket} --theta {input.theta} --mask {input.mask} "
        "--model {params.model} --train {input.train} --validation {input.validation} "
        "--data {input.data} --predictions {output.predictions} --trained {output.trained} "
        "--checkpoints {params.checkpoints} "
        "--checkpoint-minutes {resources.checkpoint_minutes} "
        "--trainings-per-gpu {resources.trainings_per_gpu} {resources.events} 2>> {log}"


rule gather:
    input:
        **encoded("train"),
        ticket=lambda w: ancient(files.ticket(*training_of(w).ticket)),
        theta=lambda w: ancient(dag.file_of_weights(files, design, weights_of(w))),
        mask=ancient(files.mask("{mask}")),
        statements=lambda w: statements_of(
            files.ticket(*training_of(w).ticket),
            dag.file_of_weights(files, design, weights_of(w)),
            files.encoded(w.task, "train"),
        ),
        model=files.configuration(),
    output:
        movement=unless_kept(movement),
        statement=unless_kept(statements_of(movement)),
    log:
        files.log(f"movement/{names.TRAINING}"),
    benchmark:
        files.benchmark(f"movement/{names.TRAINING}")
    # Nothing: pruned weights are zero, and the data in their first order.
    wildcard_constraints:
        meaning="(?:)",
        order="(?:)",
    group:
        lambda w: submission(training_of(w))
    conda:
        "../../envs/environment.yaml"
    threads: study.threads
    resources:
        **training_resources,
        events=lambda w: events(f"movement/{training_of(w)}"),
    params:
        code=code("train"),
        recipe=recipe_of,
        begin=lambda w: weights_of(w).progress_on(w.task),
        model=folder_of_model,
        checkpoints=files.checkpoints(f"movement/{names.TRAINING}"),
    shell:
        "python {params.code.path} {params.recipe} --seed {wildcards.seed} "
        "--from-percent {params.begin} "
        "--ticket {input.ticket} --theta {input.theta} --mask {input.mask} "
        "--model {params.model} --train {input.train} --movement {output.movement} "
        "--checkpoints {params.checkpoints} "
        "--checkpoint-minutes {resources.checkpoint_minutes} "
        "--trainings-per-gpu {resources.trainings_per_gpu} {resources.events} 2>> {log}"


rule theta_i:
    input:
        **encoded("train"),
        ticket=ancient(files.ticket("theta_0", "dense")),
        theta=ancient(files.weights("theta_0")),
        mask=ancient(files.mask("dense")),
        statements=statements_of(
            *(files.ticket("theta_0", "dense"), files.weights("theta_0")),
            files.encoded("{task}", "train"),
        ),
        model=files.configuration(),
    output:
        weights=early,
        statement=statements_of(early),
    log:
        files.log("theta_i/{task}/rewind-{rewind}/seed-{seed}"),
    benchmark:
        files.benchmark("theta_i/{task}/rewind-{rewind}/seed-{seed}")
    conda:
        "../../envs/environment.yaml"
    threads: study.threads
    resources:
        **training_resources,
        events=lambda w: events(f"theta_i/{w.task}/rewind-{w.rewind}/seed-{w.seed}"),
    params:
        code=code("train"),
        recipe=lambda w: flags.recipe(study, study.tasks[w.task]),
        model=folder_of_model,
        checkpoints=files.checkpoints("theta_i/{task}/rewind-{rewind}/seed-{seed}"),
    shell:
        "python {params.code.path} {params.recipe} --seed {wildcards.seed} "
        "--to-percent {wildcards.rewind} "
        "--ticket {input.ticket} --theta {input.theta} --mask {input.mask} "
        "--model {params.model} --train {input.train} --trained {output.weights} "
        "--checkpoints {params.checkpoints} "
        "--checkpoint-minutes {resources.checkpoint_minutes} "
        "--trainings-per-gpu {resources.trainings_per_gpu} {resources.events} 2>> {log}"
