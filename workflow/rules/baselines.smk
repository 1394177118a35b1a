"""Baselines of tickets: other masks, also combined ones, other weights, and constant answers."""

reinit = files.weights("reinit/seed-{seed}")
winning_on = "{task}/rewind-{rewind}/seed-{seed}/{at}"
layerwise = files.mask(f"layerwise/{winning_on}")
shuffled = files.weights("shuffled_{how}/seed-{seed}")
theta_0 = files.weights("theta_0")
finders = [*finder.at_theta_0(), *study.criteria]
on_data = [each for each in finders if study.criterion(each).reads]
combined = [design.combined_mask(name, seed) for name in design.combine for seed in design.seeds]


rule find_mask:
    input:
        weights=ancient(theta_0),
        statements=statements_of(theta_0),
    output:
        mask=files.mask("{mask}"),
        statement=statements_of(files.mask("{mask}")),
    log:
        files.log("{mask}"),
    wildcard_constraints:
        mask="|".join(["dense", forms(each for each in finders if each not in on_data)]),
    conda:
        "../../envs/environment.yaml"
    resources:
        device="",
    params:
        code=lambda w: code("find_mask") if w.mask == "dense" else finding_code(w),
        flags=lambda w: flags.mask(study, mask_of(w)),
    shell:
        "python {params.code.path} {params.flags} {resources.device} --weights {input.weights} "
        "--output {output.mask} > {log} 2>&1"


# With what a training needs too: data, and a device to run a network on.
use rule find_mask as find_mask_on_data with:
    input:
        weights=ancient(theta_0),
        splits=lambda w: ancient(splits_of(w)),
        statements=lambda w: statements_of(theta_0, *splits_of(w)),
        model=files.configuration(),
    wildcard_constraints:
        mask=forms(on_data) or "none",
    threads: study.threads
    resources:
        **device_resources,
        device=f"--trainings-per-gpu {study.trainings_per_gpu}",
        runtime=lambda w, attempt: allocation.minutes(mask_of(w).task, attempt),
        mem_mb=lambda w, attempt: allocation.megabytes(mask_of(w).task, attempt),
    params:
        code=finding_code,
        flags=flags_on_data,


rule layerwise_mask:
    input:
        like=ancient(files.mask(f"imp/{winning_on}")),
        statements=statements_of(files.mask(f"imp/{winning_on}")),
    output:
        mask=layerwise,
        statement=statements_of(layerwise),
    log:
        files.log(f"layerwise/{winning_on}"),
    conda:
        "../../envs/environment.yaml"
    params:
        code=code("layerwise_mask"),
    shell:
        "python {params.code.path} --like {input.like} --seed {wildcards.seed} "
        "--output {output.mask} 2> {log}"


rule combine_masks:
    input:
        weights=ancient(theta_0),
        masks=lambda w: ancient(parents_of(w)),
        statements=lambda w: statements_of(theta_0, *parents_of(w)),
    output:
        mask=files.mask("{mask}"),
        statement=statements_of(files.mask("{mask}")),
    log:
        files.log("{mask}"),
    wildcard_constraints:
        mask="|".join(map(str, combined)) or "none",
    conda:
        "../../envs/environment.yaml"
    params:
        code=code("combine_masks", axes.file_of("scopes", study.imp.scope)),
        flags=lambda w: flags.combined_mask(study, mask_of(w)),
    shell:
        "python {params.code.path} {params.flags} --theta-0 {input.weights} "
        "--masks {input.masks} --output {output.mask} 2> {log}"


rule shuffle:
    input:
        theta=ancient(theta_0),
        statements=statements_of(theta_0),
    output:
        weights=shuffled,
        statement=statements_of(shuffled),
    log:
        files.log("shuffled_{how}/seed-{seed}"),
    conda:
        "../../envs/environment.yaml"
    params:
        code=code("shuffle"),
    shell:
        "python {params.code.path} --how {wildcards.how} --seed {wildcards.seed} "
        "--theta {input.theta} --output {output.weights} 2> {log}"


rule reinit:
    input:
        theta=ancient(theta_0),
        statements=statements_of(theta_0),
        model=files.configuration(),
    output:
        weights=reinit,
        statement=statements_of(reinit),
    log:
        files.log("reinit/seed-{seed}"),
    conda:
        "../../envs/environment.yaml"
    params:
        code=code("reinit"),
        model=folder_of_model,
    shell:
        "python {params.code.path} --seed {wildcards.seed} --theta {input.theta} "
        "--model {params.model} --output {output.weights} 2> {log}"


rule majority:
    input:
        train=ancient(files.data("{task}", "train")),
        validation=ancient(files.data("{task}", "validation")),
        encoded_train=ancient(files.encoded("{task}", "train")),
        encoded_validation=ancient(files.encoded("{task}", "validation")),
        statements=statements_of(
            files.encoded("{task}", "train"), files.encoded("{task}", "validation")
        ),
    output:
        predictions=files.majority("{task}"),
        statement=statements_of(files.majority("{task}")),
    log:
        files.log("majority/{task}"),
    conda:
        "../../envs/environment.yaml"
    params:
        code=code("majority"),
        head=lambda w: study.tasks[w.task].head,
    shell:
        "python {params.code.path} --head {params.head} --train {input.train} "
        "--validation {input.validation} --encoded-train {input.encoded_train} "
        "--encoded-validation {input.encoded_validation} --output {output.predictions} 2> {log}"
