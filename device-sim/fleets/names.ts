import type { Bilingual } from '../fleet.ts'

/** What the estates are called. Seven names stand in the report on the district; no source gives the others, so
 *  they are made up of words that such estates are called by, and marked as made up. */
export interface EstateName {
  id: string
  name: Bilingual
  generated: boolean
}

const reported: readonly EstateName[] = [
  known('hengkang', '恒康家园', 'Hengkang Homes'),
  known('duanxigou-1', '段西沟第一小区', 'Duanxigou First Estate'),
  known('qiaonan', '桥南园', 'Qiaonan Garden'),
  known('dayuan', '大院', 'Dayuan'),
  known('dongyaofang', '东窑房', 'Dongyaofang'),
  known('huweigou', '虎尾沟', 'Huweigou'),
  known('xiaonankeng', '小南坑', 'Xiaonankeng'),
]

function known(id: string, zh: string, en: string): EstateName {
  return { id, name: { zh, en }, generated: false }
}

const words = [
  ['xinhua', '新华'],
  ['hongqi', '红旗'],
  ['jianshe', '建设'],
  ['heping', '和平'],
  ['guangming', '光明'],
  ['qianjin', '前进'],
  ['shengli', '胜利'],
  ['youyi', '友谊'],
  ['wenhua', '文化'],
  ['chaoyang', '朝阳'],
  ['xiangyang', '向阳'],
  ['dongfeng', '东风'],
  ['xinmin', '新民'],
  ['gongren', '工人'],
  ['anju', '安居'],
  ['kangle', '康乐'],
  ['fuxing', '复兴'],
  ['tuanjie', '团结'],
  ['xingfu', '幸福'],
  ['changqing', '长青'],
  ['beishan', '北山'],
  ['nanping', '南坪'],
  ['xihe', '西河'],
  ['dongpo', '东坡'],
  ['shangwan', '上湾'],
  ['xiayuan', '下塬'],
  ['songlin', '松林'],
  ['liushu', '柳树'],
  ['yushu', '榆树'],
] as const

const sorts = [
  ['xiaoqu', '小区', 'Estate'],
  ['xincun', '新村', 'New Village'],
  ['li', '里', 'Lane'],
  ['yuan', '苑', 'Court'],
  ['jiayuan', '家园', 'Homes'],
] as const

/** `count` names, the reported ones first; the same ones for every count. */
export function estateNames(count: number): readonly EstateName[] {
  const made = sorts.flatMap(([sortId, sortZh, sortEn]) =>
    words.map(([wordId, wordZh]) => ({
      id: `${wordId}-${sortId}`,
      name: { zh: `${wordZh}${sortZh}`, en: `${capital(wordId)} ${sortEn}` },
      generated: true,
    })),
  )
  return [...reported, ...made].slice(0, count)
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}
