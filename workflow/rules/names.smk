"""Masks, weights and trainings from wildcards, and the inputs of finders' jobs."""

import dataclasses

from tickets import axes, finder


def mask_of(wildcards):
    """The name of the mask that a job makes or reads."""
    return names.MaskName.parse(wildcards.mask)


def weights_of(wildcards):
    """The name of the weights that a job makes or reads."""
    return names.WeightsName.parse(wildcards.weights)


def training_of(wildcards):
    """The name of the training that a job runs."""
    return names.TrainingName.parse(names.TRAINING.format(**dict(wildcards.items())))


def ends_of(wildcards):
    """The ends of a training in its first order, and of this one."""
    name = training_of(wildcards)
    return [files.trained(dataclasses.replace(name, order=1)), files.trained(name)]


def end_before(wildcards):
    """The end of a training in the first order, which a later one waits for: of all these large
    files only a few are then there at a time.
    """
    return ends_of(wildcards)[:1] if wildcards.order else []


def recipe_of(wildcards):
    """The flags of a training's recipe."""
    name = training_of(wildcards)
    return flags.recipe(study, study.tasks[name.task], name)


def finding_code(wildcards):
    """The code of a job that finds a mask, with its own criterion and scope only."""
    finder_name = mask_of(wildcards).finder
    criterion = study.criterion(finder_name)
    own = study.criteria.get(finder_name)
    file = own or axes.file_of("criteria", finder.criterion_of(finder_name))
    return code("find_mask", file, axes.file_of("scopes", criterion.scope or study.imp.scope))


def forms(finders):
    """A regular expression for the names of some finders' masks."""
    return "|".join(finder.form(each, design.depends_on(each)) for each in finders)


def splits_of(wildcards):
    """The encoded splits that a mask's criterion reads."""
    mask = mask_of(wildcards)
    return [files.encoded(mask.task, split) for split in study.criterion(mask.finder).reads]


def flags_on_data(wildcards, input):
    """The flags of a job that finds a mask on data."""
    mask = mask_of(wildcards)
    read = dict(zip(study.criterion(mask.finder).reads, input.splits))
    model = {"model": folder_of_model(wildcards, input)}
    return f"{flags.mask(study, mask)} {flags.flags(read | model)}"


def parents_of(wildcards):
    """The masks that a combined one is made of."""
    return [files.mask(parent) for parent in design.parents(mask_of(wildcards))]


def compared_with(wildcards):
    """theta_0, if a round's criterion compares the weights with it."""
    is_read = finder.compares_with_theta_0(mask_of(wildcards).finder)
    return [files.weights(names.THETA_0)] if is_read else []


def flags_of_round(wildcards, input):
    """The flags of a job that prunes the weights of a training."""
    read = {"theta_0": input.theta_0} if input.theta_0 else {}
    return " ".join(filter(None, [flags.mask(study, mask_of(wildcards)), flags.flags(read)]))


def files_of_round(wildcards):
    """The files that a round's first weights are made from, by role."""
    return dag.files_of_round(files, design, weights_of(wildcards))


def candidates(wildcards):
    """The masks to choose a winning one from."""
    on = {"task": wildcards.task, "rewind": wildcards.rewind, "seed": int(wildcards.seed)}
    return [files.mask(mask) for mask in experiments.candidates(design, **on)]
